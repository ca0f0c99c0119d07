#!/bin/sh
# Builds modulardm-VERSION-win-x64.zip into a folder.  Usage: packaging/build-zip.sh [VERSION [FOLDER]]
# Needs the .NET SDK and python3 (for the archive). What is in it has not been run on Windows by this script: check-zip.sh looks at the layout alone.
set -eu
cd "$(dirname "$0")/.."
. packaging/layout.sh
version=${1:-$(sed -n 's#.*<Version>\(.*\)</Version>.*#\1#p' Directory.Build.props)}
folder=${2:-artifacts}
mkdir -p "$folder"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
sources=$root.sources
copy_sources "$sources"
trap 'rm -rf "$root" "$sources"' EXIT
(cd "$sources" && publish_programs win-x64 "$version" "$root/ModularDM")
cp packaging/windows/install.ps1 packaging/windows/uninstall.ps1 packaging/windows/configurator-policy.json packaging/windows/host.json LICENSE "$root/ModularDM/"
zip=$(cd "$folder" && pwd)/modulardm-$version-win-x64.zip
rm -f "$zip"
(cd "$root" && python3 -m zipfile -c "$zip" ModularDM)
packaging/check-zip.sh "$zip"
