#Requires -RunAsAdministrator
<#
.SYNOPSIS
Removes ModularDM. Configuration and state stay, unless -Purge is given.
#>
[CmdletBinding()]
param([switch]$Purge)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

if (Get-Service 'ModularDMHost' -ErrorAction SilentlyContinue) {
    Stop-Service 'ModularDMHost' -Force
    & sc.exe delete ModularDMHost | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "sc.exe delete ModularDMHost failed with $LASTEXITCODE." }
}
if (Get-ScheduledTask -TaskName 'ModularDM Configurator' -ErrorAction SilentlyContinue) {
    Stop-ScheduledTask -TaskName 'ModularDM Configurator'
    Unregister-ScheduledTask -TaskName 'ModularDM Configurator' -Confirm:$false
}
foreach ($folder in @((Join-Path $env:ProgramFiles 'ModularDM')) + @(if ($Purge) { Join-Path $env:ProgramData 'ModularDM' })) {
    if (Test-Path $folder) { Remove-Item $folder -Recurse -Force }
}
