using System.Runtime.Versioning;

// The service is tested over Unix sockets; its pipe needs a Windows machine.
[assembly: UnsupportedOSPlatform("windows")]
