#!/usr/bin/env bash
# The Windows build of the configurator under Wine: see README.md beside this. One line per check, then "wine: N passed, N failed".
# As root it installs with apt what is missing. WINE_WORK=FOLDER keeps all files there for a look afterwards.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/tests/wine
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1

missing=()
for pair in wine:wine wineserver:wine64 x86_64-w64-mingw32-gcc:gcc-mingw-w64-x86-64; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "missing: ${missing[*]}. Install them (apt-get install ${missing[*]}), or run this as root." >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

work=${WINE_WORK:-$(mktemp -d)}
mkdir -p "$work"
export WINEPREFIX=$work/prefix WINEDEBUG=-all
# No debugger that dumps registers when a program ends by an exception, no menus for a desktop that is not there.
export WINEDLLOVERRIDES="winedbg.exe,winemenubuilder.exe=d"
finish() {
    # Of this prefix alone.
    wineserver -k 2>/dev/null || true
    wineserver -w 2>/dev/null || true
    [ -n "${WINE_WORK:-}" ] || rm -rf "$work"
}
trap finish EXIT

passed=0 failed=0
# check NAME COMMAND...: passes when the command does; $shown is printed when not.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "ok      $name"
    else
        failed=$((failed + 1))
        echo "not ok  $name"
        printf '%s\n' "${shown:-}" | head -n 40 | sed 's/^/        | /'
    fi
}
has() { printf '%s' "$shown" | grep -qF -- "$1"; }
hasnt() { ! has "$1"; }
is() { [ "$1" = "$2" ]; }
# until_true SECONDS COMMAND...
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.3
    done
}
# windows PATH: as a Windows program is told it.
windows() { printf 'Z:%s' "${1//\//\\}"; }

echo "== build (${SECONDS} s)"
dotnet publish configurator/ModularDM.Configurator -c Release -r win-x64 --self-contained -o "$work/configurator" -m:1 -v q >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
x86_64-w64-mingw32-gcc -Wall -Wextra -Werror -O1 -shared -o "$work/mdmlocalmanagement.dll" "$here/mdmlocalmanagement.c" -lole32

echo "== a Windows of its own (${SECONDS} s)"
wineboot -i >"$work/wineboot.log" 2>&1
wine winecfg -v win10 >>"$work/wineboot.log" 2>&1
# Its services end some time after it; the next program starts them anew.
timeout 60 wineserver -w
# Wine ends its services with the last program: this one waits for input that never comes.
mkfifo "$work/nothing"
exec 9<>"$work/nothing"
wine cmd <&9 >/dev/null 2>&1 &

exe=$work/configurator/mdm-configurator.exe
node=./Device/Vendor/MSFT/Policy/Config/System/AllowTelemetry
stub=$work/configurator/mdmlocalmanagement.dll
requests=$work/configurator/requests.xml
rm -f "$stub" "$requests" "$work/configurator/nodes.txt" "$work/configurator/embedded-mode-off"
# windows_run SECONDS COMMAND...: sets $shown and $code. Through a file: Wine's services may keep a pipe open.
windows_run() {
    code=0
    timeout "$1" wine "${@:2}" >"$work/shown" 2>&1 </dev/null || code=$?
    shown=$(tr -d '\r' <"$work/shown")
}
configurator() { windows_run 90 "$exe" "$@"; }

echo "== csp, at the machine (${SECONDS} s)"
configurator csp get "$node"
check "without the DLL: exit code 1" is "$code" 1
check "without the DLL: says that this Windows has no local device management" has "This Windows has no local device management"
check "without .NET Framework: says that the WMI bridge is not there either" has "has no MDM bridge in WMI"
check "without both: no stack trace" hasnt "   at "

cp "$work/mdmlocalmanagement.dll" "$stub"
configurator csp get "$node" -v
check "get: exit code 0" is "$code" 0
check "get: the value" has "3"
check "get: -v shows the request" has "<LocURI>$node</LocURI>"
check "get: -v shows the engine's answer" has "<CmdRef>1</CmdRef>"
shown=$(cat "$requests")
check "get: the DLL got the SyncML of the specification" has "<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>$node</LocURI></Target></Item></Get><Final"

configurator csp get ./DevDetail/Ext/Microsoft/DeviceName
check "get: escaped text comes back as it is" has "fan & "
configurator csp get ./Vendor/MSFT/NoSuchNode
check "get of a node that is not there: exit code 4" is "$code" 4
check "get of a node that is not there: says so" has "There is no such node"
configurator csp replace "$node" 1 --format int
check "replace: exit code 0" is "$code" 0
shown=$(tail -n 1 "$requests")
check "replace: the DLL got the format and the value" has '<Meta><Format xmlns="syncml:metinf">int</Format></Meta><Data>1</Data>'
configurator csp get "$node"
check "replace: the value is read back" is "$shown" 1
configurator csp replace ./DevInfo/Man x
check "replace of a node that is only read: exit code 1" is "$code" 1
check "replace of a node that is only read: says so" has "does not allow replace"
configurator csp exec ./Device/Vendor/MSFT/Reboot/RebootNow
check "exec that the engine refuses: exit code 1" is "$code" 1

touch "$work/configurator/embedded-mode-off"
configurator csp get "$node"
check "embedded mode off: exit code 1" is "$code" 1
check "embedded mode off: says how to switch it on" has "AllowEmbeddedMode = 1"
rm "$work/configurator/embedded-mode-off"

echo "== the configurator as a service of Windows (${SECONDS} s)"
# Root's policy names the caller by its SID: under Wine there is one user.
windows_run 30 reg query HKEY_USERS
sid=$(printf '%s' "$shown" | grep -oE 'S-1-5-21-[0-9-]+$' | head -n 1)
policy=$work/policy.json
cat >"$policy" <<JSON
{ "version": 1, "callers": [ { "subject": "sid:$sid", "grants": [
  { "plugin": "modulardm.deviceinfo", "operations": ["getDeviceInfo"] },
  { "plugin": "modulardm.windowstelemetry", "operations": ["getTelemetryLevel", "setTelemetryLevel"] } ] } ] }
JSON
ready=$work/configurator.ready
rm -f "$ready"
service() { windows_run 90 sc "$@"; }
in_state() {
    service query ModularDMConfigurator
    has "$1"
}
service create ModularDMConfigurator binPath= "\"$(windows "$exe")\" run --windows-service --platform windows --pipe modulardm-wine --policy \"$(windows "$policy")\" --state \"$(windows "$work/state")\" --ready-file \"$(windows "$ready")\""
service start ModularDMConfigurator
check "sc start: the service runs" until_true 60 in_state RUNNING
check "sc start: running means that requests are served" test -s "$ready"

echo "== stop (${SECONDS} s)"
service stop ModularDMConfigurator
check "sc stop: the service is stopped" until_true 60 in_state STOPPED
service query ModularDMConfigurator
check "sc stop: with exit code 0" eval 'printf %s "$shown" | grep -qE "WIN32_EXIT_CODE +: 0"'
service start ModularDMConfigurator
check "sc start: it starts again after a stop" until_true 60 in_state RUNNING
service stop ModularDMConfigurator
check "sc stop: and stops again" until_true 60 in_state STOPPED
service delete ModularDMConfigurator

echo "wine: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
