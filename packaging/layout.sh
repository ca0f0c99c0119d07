# Publishes what is installed on a device into a folder; sourced by build-deb.sh and build-zip.sh.
# copy_sources TARGET: what is built from, apart, since builds for another runtime and the developer's own would undo each other's restore.
copy_sources() {
    mkdir -p "$1"
    tar -c --exclude=bin --exclude=obj Directory.Build.props Directory.Packages.props global.json .editorconfig BannedSymbols.txt contracts configurator host hub plugins | tar -x -C "$1"
}

# publish_programs RUNTIME VERSION TARGET: TARGET/host with its core plugins in host/plugins, and TARGET/configurator.
publish_programs() {
    common="-c Release -r $1 -p:Version=$2 -p:DebugType=none -p:GenerateDocumentationFile=false -m:2 -nodeReuse:false -v q --nologo"
    # Self-contained, so that a device needs no .NET of its own; ReadyToRun, since the start is what a small device waits for.
    # shellcheck disable=SC2086
    dotnet publish host/ModularDM.Host $common --self-contained -p:PublishReadyToRun=true -p:UseAppHost=true -o "$3/host"
    case $1 in
    linux-*) native="-p:PublishAot=true -p:CppCompilerAndLinker=${CC:-gcc} -p:StripSymbols=true" ;;
    *) native="--self-contained" ;;
    esac
    # shellcheck disable=SC2086
    dotnet publish configurator/ModularDM.Configurator $common $native -o "$3/configurator"
    for manifest in plugins/*/plugin.json; do
        project=$(dirname "$manifest")
        id=$(sed -n 's/^ *"id": *"\([a-z.]*\)".*/\1/p' "$manifest")
        dotnet build "$project" -c Release -p:Version="$2" -p:DebugType=none -m:2 -nodeReuse:false -v q --nologo
        mkdir -p "$3/host/plugins/$id"
        cp "$project"/bin/Release/net10.0/plugin.json "$project"/bin/Release/net10.0/*.dll "$3/host/plugins/$id/"
        find "$project/bin/Release/net10.0" -maxdepth 1 \( -name '*.deps.json' -o -name '*.schema.json' \) -exec cp {} "$3/host/plugins/$id/" \;
    done
    # For people who build, not for a device.
    find "$3" \( -name '*.pdb' -o -name '*.xml' -o -name '*.dbg' -o -name createdump -o -name 'createdump.exe' -o -name 'libcoreclrtraceptprovider.so' \) -delete
}
