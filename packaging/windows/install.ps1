#Requires -RunAsAdministrator
<#
.SYNOPSIS
Installs ModularDM, or a newer version over an older one. Run it from the unpacked folder.
.DESCRIPTION
Programs go to %ProgramFiles%\ModularDM; configuration and state go to %ProgramData%\ModularDM and are kept when they are there.
The host is the service ModularDMHost, under a virtual account without rights. The configurator runs as SYSTEM, started by the task scheduler at boot;
its pipe lets in the service SID of ModularDMHost and nobody else.
#>
[CmdletBinding()]
param()
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$Programs = Join-Path $env:ProgramFiles 'ModularDM'
$Data = Join-Path $env:ProgramData 'ModularDM'
$Service = 'ModularDMHost'
$Task = 'ModularDM Configurator'

function Invoke-Tool([string]$Name, [string[]]$Arguments) {
    & $Name @Arguments | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "$Name $($Arguments -join ' ') failed with $LASTEXITCODE." }
}

if (Get-Service $Service -ErrorAction SilentlyContinue) { Stop-Service $Service -Force }
if (Get-ScheduledTask -TaskName $Task -ErrorAction SilentlyContinue) { Stop-ScheduledTask -TaskName $Task }

New-Item -ItemType Directory -Force $Programs, $Data, "$Data\configurator" | Out-Null
foreach ($part in 'host', 'configurator') {
    if (Test-Path "$Programs\$part") { Remove-Item "$Programs\$part" -Recurse -Force }
    Copy-Item "$PSScriptRoot\$part" $Programs -Recurse
}

if (-not (Get-Service $Service -ErrorAction SilentlyContinue)) {
    New-Service -Name $Service -DisplayName 'ModularDM device host' -BinaryPathName "`"$Programs\host\mdm-host.exe`"" -StartupType Automatic | Out-Null
}
# A virtual account, its SID in the token, and no privilege but the one that every process has.
Invoke-Tool sc.exe @('config', $Service, 'obj=', "NT SERVICE\$Service")
Invoke-Tool sc.exe @('sidtype', $Service, 'unrestricted')
Invoke-Tool sc.exe @('privs', $Service, 'SeChangeNotifyPrivilege')
Invoke-Tool sc.exe @('failure', $Service, 'reset=', '86400', 'actions=', 'restart/2000/restart/10000/restart/60000')

# SYSTEM and administrators own everything; the host writes its state and reads the rest.
Invoke-Tool icacls.exe @($Data, '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F', "NT SERVICE\${Service}:(OI)(CI)M")
Invoke-Tool icacls.exe @("$Data\configurator", '/inheritance:r', '/grant:r', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F')
foreach ($file in @{ From = 'host.json'; To = "$Data\host.json" }, @{ From = 'configurator-policy.json'; To = "$Data\configurator\policy.json" }) {
    if (-not (Test-Path $file.To)) { Copy-Item "$PSScriptRoot\$($file.From)" $file.To }
}

$arguments = "run --platform windows --policy `"$Data\configurator\policy.json`" --state `"$Data\configurator`""
Register-ScheduledTask -Force -TaskName $Task -User 'SYSTEM' -RunLevel Highest `
    -Action (New-ScheduledTaskAction -Execute "$Programs\configurator\mdm-configurator.exe" -Argument $arguments) `
    -Trigger (New-ScheduledTaskTrigger -AtStartup) `
    -Settings (New-ScheduledTaskSettingsSet -ExecutionTimeLimit ([TimeSpan]::Zero) -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1) -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries) | Out-Null
Start-ScheduledTask -TaskName $Task

if (Test-Path "$Data\hub.json") {
    Start-Service $Service
} else {
    Write-Output "This device does not know its hub yet. Next: & '$Programs\host\mdm-host.exe' provision --help, then Start-Service $Service"
}
