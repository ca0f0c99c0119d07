using ModularDM.Configurator.Authorization;
using ModularDM.Contracts.Configurator;
using ModularDM.Configurator.Operations;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform;

/// <summary>What one operating system can do. An area that is null is answered with <see cref="ConfiguratorErrorCode.NotSupported"/>.</summary>
/// <remarks>
/// Members are called on an operation's own thread, one change at a time for each area, and throw <see cref="ConfiguratorException"/> for what can be foreseen.
/// They pass <see cref="OperationContext.Remaining"/> on to every call out and look at its token between steps.
/// </remarks>
internal interface IPlatform : IDisposable
{
    /// <summary>linux, windows or simulated.</summary>
    string Name { get; }

    IDeviceInfoArea? DeviceInfo { get; }

    ITimeZoneArea? TimeZone { get; }

    INtpArea? Ntp { get; }

    ITimeServiceArea? TimeService { get; }

    IRebootArea? Reboot { get; }

    ITelemetryArea? Telemetry { get; }

    IAttributeArea? Attributes { get; }

    /// <summary>The device management engine; null on a platform that has no CSPs.</summary>
    ICspTransport? Csp { get; }

    /// <summary>Programs of the device's maker; null on a platform where root starts none.</summary>
    IToolArea? Tools => null;

    /// <summary>Files of the device's maker; null on a platform where root writes none.</summary>
    IFileArea? Files => null;
}

internal interface IDeviceInfoArea
{
    DeviceInfoValues Read(OperationContext context);
}

internal interface ITimeZoneArea
{
    TimeZoneState Read(OperationContext context);

    /// <summary>All or nothing.</summary>
    void Set(TimeZoneRule zone, OperationContext context);
}

internal interface INtpArea
{
    string Read(OperationContext context);

    void Set(string server, OperationContext context);
}

internal interface ITimeServiceArea
{
    TimeServiceSettings Read(OperationContext context);

    void Set(TimeServiceSettings settings, OperationContext context);
}

internal interface IRebootArea
{
    /// <summary>When the system booted.</summary>
    DateTimeOffset ReadLastBoot(OperationContext context);

    (DateTimeOffset? Single, DateTimeOffset? Daily) ReadSchedule(OperationContext context);

    void SetSchedule(DateTimeOffset? single, DateTimeOffset? daily, OperationContext context);

    /// <summary>Who blocks shutdown now, as "who: why".</summary>
    IReadOnlyList<string> ReadInhibitors(OperationContext context);

    /// <summary>Local time, for active hours.</summary>
    DateTimeOffset ReadLocalTime(OperationContext context);

    /// <summary>Reboots after the grace; returns once the system has accepted it.</summary>
    void RebootNow(string reason, TimeSpan grace, OperationContext context);
}

internal interface ITelemetryArea
{
    TelemetryLevel? Read(OperationContext context);

    void Set(TelemetryLevel level, OperationContext context);
}

internal interface IAttributeArea
{
    /// <summary>Reads the attribute at <paramref name="path"/>, which comes from the policy and never from a request.</summary>
    string Read(string path, OperationContext context);

    void Write(string path, string value, OperationContext context);
}

internal interface IToolArea
{
    /// <summary>Runs the program to its end. <paramref name="arguments"/> are filled in and checked.</summary>
    ToolOutput Run(GrantedTool tool, IReadOnlyList<string> arguments, OperationContext context);
}

internal interface IFileArea
{
    /// <summary>Replaces the file, all or nothing. <paramref name="contents"/> are checked.</summary>
    void Write(GrantedFile file, ReadOnlyMemory<byte> contents, OperationContext context);
}
