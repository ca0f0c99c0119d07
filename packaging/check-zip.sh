#!/bin/sh
# Says what is missing in, or does not belong into, a zip for Windows.
set -eu
list=$(python3 -m zipfile -l "$1" | awk '{ print $1 }')
failed=0
for file in install.ps1 uninstall.ps1 host.json configurator-policy.json LICENSE host/mdm-host.exe host/mdm-host.dll host/appsettings.json host/coreclr.dll \
    configurator/mdm-configurator.exe configurator/coreclr.dll host/plugins/modulardm.deviceinfo/plugin.json host/plugins/modulardm.time/ModularDM.Plugins.Time.dll \
    host/plugins/modulardm.reboot/plugin.json host/plugins/modulardm.windowstelemetry/plugin.json; do
    printf '%s\n' "$list" | grep -qx "ModularDM/$file" || { echo "check-zip: $file is missing" >&2; failed=1; }
done
if printf '%s\n' "$list" | grep -E '\.(pdb|xml|so|sh)$|/plugins/.*/ModularDM\.Contracts' >&2; then
    echo "check-zip: these do not belong into it" >&2
    failed=1
fi
[ "$failed" -eq 0 ] && echo "$1: $(printf '%s\n' "$list" | wc -l) entries, $(du -k "$1" | cut -f1) KB"
exit "$failed"
