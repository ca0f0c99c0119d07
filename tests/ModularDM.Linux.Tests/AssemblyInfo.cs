// Elsewhere every test skips itself.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
