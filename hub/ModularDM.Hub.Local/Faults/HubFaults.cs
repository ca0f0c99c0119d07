using System.Net;
using Microsoft.Extensions.Logging;

namespace ModularDM.Hub.Local.Faults;

/// <summary>The faults that a hub was asked to have. Without one, nothing of it is felt. May be used from any thread.</summary>
public sealed partial class HubFaults
{
    private const int MaxFaults = 100;
    private const int MaxIdLength = 128;
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly ILogger<HubFaults> logger;
    private volatile InjectedFault[] faults = [];

    internal HubFaults(TimeProvider time, ILogger<HubFaults> logger)
    {
        this.time = time;
        this.logger = logger;
        Links = new FaultLinks(this, time);
    }

    /// <summary>The faults, those too that cannot strike any more; the newest last.</summary>
    public IReadOnlyList<InjectedFault> All => faults;

    internal FaultLinks Links { get; }

    internal bool Any => faults.Length > 0;

    /// <summary>How far the clock that looks at tokens is off now.</summary>
    internal TimeSpan Skew => faults.Where(fault => fault.Fault.Kind == FaultKind.ClockSkew && fault.InForce).Aggregate(TimeSpan.Zero, (sum, fault) => sum + fault.Fault.Skew);

    /// <summary>Injects a fault. One of the same name is replaced.</summary>
    /// <exception cref="ArgumentException">The fault is not a possible one, its name is empty or longer than 128 characters, or there are 100.</exception>
    public InjectedFault Put(string id, Fault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        List<string> wrong = [.. fault.Validate()];
        if (string.IsNullOrEmpty(id) || id.Length > MaxIdLength)
        {
            wrong.Insert(0, $"A fault's name must have from 1 to {MaxIdLength} characters.");
        }

        var injected = new InjectedFault(id, fault, time);
        lock (gate)
        {
            InjectedFault[] others = [.. faults.Where(other => other.Id != id)];
            if (others.Length >= MaxFaults)
            {
                wrong.Add($"There are {MaxFaults} faults; remove one first.");
            }

            if (wrong.Count > 0)
            {
                throw new ArgumentException(string.Join(" ", wrong), nameof(fault));
            }

            Array.Find(faults, other => other.Id == id)?.Remove();
            faults = [.. others, injected];
        }

        Injected(id, fault.Kind, fault.DeviceId ?? "*");
        if (fault.StrikesLinks)
        {
            Links.StrikeOpen(injected);
        }

        return injected;
    }

    /// <summary>Removes a fault. What it did to a link stays done.</summary>
    /// <returns>Whether there was one of that name.</returns>
    public bool Remove(string id)
    {
        lock (gate)
        {
            if (Array.Find(faults, fault => fault.Id == id) is not { } found)
            {
                return false;
            }

            found.Remove();
            faults = [.. faults.Where(fault => fault != found)];
        }

        Removed(id);
        return true;
    }

    /// <summary>Removes all faults.</summary>
    public void Clear()
    {
        foreach (InjectedFault fault in faults)
        {
            Remove(fault.Id);
        }
    }

    /// <summary>Asks what goes wrong before an operation is done. A fault that strikes a link has done so when this returns.</summary>
    /// <param name="operation">What is about to be done.</param>
    /// <param name="deviceId">For which device.</param>
    /// <param name="remote">The other end of the device's link.</param>
    /// <returns>The fault; <see langword="null"/> when all goes well.</returns>
    internal Fault? At(FaultOperation operation, string? deviceId, EndPoint? remote = null)
    {
        foreach (InjectedFault fault in faults)
        {
            if (fault.Fault.Kind != FaultKind.LoseAnswer && TryStrike(fault, operation, deviceId))
            {
                if (fault.Fault.StrikesLinks && remote is not null)
                {
                    Links.Strike(remote, fault.Fault.Kind);
                }

                return fault.Fault;
            }
        }

        return null;
    }

    /// <summary>Asks whether the answer to an operation is lost.</summary>
    internal bool LosesAnswer(FaultOperation operation, string? deviceId) =>
        Array.Exists(faults, fault => fault.Fault.Kind == FaultKind.LoseAnswer && TryStrike(fault, operation, deviceId));

    /// <summary>How late the bytes of a link come now.</summary>
    internal TimeSpan DelayOf(string? deviceId, FaultDirection direction)
    {
        TimeSpan late = TimeSpan.Zero;
        foreach (InjectedFault fault in faults)
        {
            if (fault.Fault.Kind == FaultKind.Delay && (fault.Fault.Direction == FaultDirection.Both || fault.Fault.Direction == direction)
                && TryStrike(fault, FaultOperation.Link, deviceId))
            {
                late += fault.Fault.Delay;
            }
        }

        return late;
    }

    /// <summary>What a new link suffers. A link that is not known yet to be a device's suffers only what strikes every device.</summary>
    /// <param name="deviceId">The device, if it is known.</param>
    /// <param name="named">Whether to ask the faults that name a device.</param>
    /// <param name="unnamed">Whether to ask those that name none.</param>
    internal FaultKind? OnLink(string? deviceId, bool named, bool unnamed) =>
        Array.Find(faults, fault => fault.Fault.StrikesLinks && (fault.Fault.DeviceId is null ? unnamed : named) && TryStrike(fault, FaultOperation.Link, deviceId))?.Fault.Kind;

    internal bool TryStrike(InjectedFault fault, FaultOperation operation, string? deviceId)
    {
        if (!fault.TryStrike(operation, deviceId))
        {
            return false;
        }

        // A delay strikes each piece of a link's bytes; once is enough to know of it.
        if (fault.Fault.Kind != FaultKind.Delay || operation != FaultOperation.Link || fault.Hits == 1)
        {
            Struck(fault.Id, fault.Fault.Kind, operation, deviceId ?? "-");
        }

        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Fault {Id} is in force: {Kind} for {DeviceId}")]
    private partial void Injected(string id, FaultKind kind, string deviceId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Fault {Id} is removed")]
    private partial void Removed(string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Fault {Id} strikes: {Kind} at {Operation} of {DeviceId}")]
    private partial void Struck(string id, FaultKind kind, FaultOperation operation, string deviceId);
}
