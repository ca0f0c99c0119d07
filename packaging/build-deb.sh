#!/bin/sh
# Builds modulardm_VERSION_amd64.deb into a folder.  Usage: packaging/build-deb.sh [VERSION [FOLDER]]
# Needs the .NET SDK, gcc and zlib1g-dev (native code), dpkg-deb.
set -eu
cd "$(dirname "$0")/.."
. packaging/layout.sh
version=${1:-$(sed -n 's#.*<Version>\(.*\)</Version>.*#\1#p' Directory.Build.props)}
folder=${2:-artifacts}
case $version in
[0-9]*.[0-9]*.[0-9]*) ;;
*) echo "build-deb: the version is three numbers, as 1.2.3; it is '$version'" >&2; exit 2 ;;
esac
mkdir -p "$folder"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
sources=$root.sources
copy_sources "$sources"
trap 'rm -rf "$root" "$sources"' EXIT

(cd "$sources" && publish_programs linux-x64 "$version" "$root/usr/lib/modulardm")
mkdir -p "$root/DEBIAN" "$root/usr/bin" "$root/usr/sbin" "$root/lib/systemd/system" "$root/usr/lib/sysusers.d" "$root/etc/modulardm" "$root/usr/lib/modulardm/plugins" "$root/usr/share/doc/modulardm"
ln -s ../lib/modulardm/host/mdm-host "$root/usr/bin/mdm-host"
ln -s ../lib/modulardm/configurator/mdm-configurator "$root/usr/sbin/mdm-configurator"
mv "$root/usr/lib/modulardm/configurator/policy.sample.json" "$root/usr/share/doc/modulardm/"
cp packaging/systemd/modulardm-* "$root/lib/systemd/system/"
cp packaging/deb/modulardm.sysusers "$root/usr/lib/sysusers.d/modulardm.conf"
cp packaging/deb/host.json packaging/deb/configurator-policy.json "$root/etc/modulardm/"
cp LICENSE "$root/usr/share/doc/modulardm/copyright"
printf 'modulardm (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- ModularDM contributors <modulardm@example.com>  Thu, 01 Jan 2026 00:00:00 +0000\n' "$version" | gzip -9n >"$root/usr/share/doc/modulardm/changelog.gz"
printf '/etc/modulardm/host.json\n/etc/modulardm/configurator-policy.json\n' >"$root/DEBIAN/conffiles"
cp packaging/deb/preinst packaging/deb/postinst packaging/deb/prerm packaging/deb/postrm "$root/DEBIAN/"
sed -e "s/@VERSION@/$version/" -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f1)/" packaging/deb/control >"$root/DEBIAN/control"

# Modes do not depend on the umask of who builds. What the host runs can be replaced by root alone.
find "$root" -type d -exec chmod 0755 {} +
find "$root" -type f -exec chmod 0644 {} +
chmod 0755 "$root"/DEBIAN/preinst "$root"/DEBIAN/postinst "$root"/DEBIAN/prerm "$root"/DEBIAN/postrm "$root/usr/lib/modulardm/host/mdm-host" "$root/usr/lib/modulardm/configurator/mdm-configurator"
(cd "$root" && find usr lib -type f -exec md5sum {} + >DEBIAN/md5sums && chmod 0644 DEBIAN/md5sums)
dpkg-deb --root-owner-group ${DEB_COMPRESSION:+-Z"$DEB_COMPRESSION"} --build "$root" "$folder/modulardm_${version}_amd64.deb"
