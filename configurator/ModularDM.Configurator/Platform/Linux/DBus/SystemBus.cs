using System.Runtime.InteropServices;
using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Linux.DBus;

/// <summary>The system bus, for one operation on its own thread.</summary>
/// <remarks>
/// Every call is a step of the operation and is limited by the time the operation has left. Calls never ask for interactive authorisation: nobody is there to answer.
/// </remarks>
internal sealed unsafe class SystemBus : IDisposable
{
    // A wait is cut into slices so that a caller who gives up is noticed.
    private static readonly TimeSpan s_slice = TimeSpan.FromMilliseconds(200);
    private const int Interrupted = 4;
    private readonly BusHandle _bus;
    private readonly OperationContext _context;

    private SystemBus(BusHandle bus, OperationContext context) => (_bus, _context) = (bus, context);

    /// <exception cref="ConfiguratorException">There is no libsystemd or no bus (<see cref="ConfiguratorErrorCode.NotSupported"/>), or the bus does not answer.</exception>
    public static SystemBus Open(OperationContext context) => context.Step("dbus connect", () =>
    {
        nint raw;
        int result;
        try
        {
            result = SdBus.OpenSystem(out raw);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw DBusErrors.NoLibrary(e);
        }

        if (result < 0)
        {
            throw DBusErrors.Native("Connecting to the system bus", result);
        }

        var bus = new SystemBus(new BusHandle(raw), context);
        try
        {
            bus.AwaitReady();
            return bus;
        }
        catch
        {
            bus.Dispose();
            throw;
        }
    });

    public void Call(DBusObject target, string member, Action<DBusWriter>? arguments = null) =>
        Call(target, member, arguments, _ => true);

    /// <summary>Calls a method and reads its answer.</summary>
    /// <param name="target">Whom.</param>
    /// <param name="member">Which method.</param>
    /// <param name="arguments">Appends the arguments; null for none.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="startService">False: a service that is not running is not started for this.</param>
    public T Call<T>(DBusObject target, string member, Action<DBusWriter>? arguments, Func<DBusReader, T> read, bool startService = true)
    {
        string call = $"{target.Interface}.{member}";
        return _context.Step($"dbus {call}", () => Send(target, member, call, arguments, read, startService));
    }

    public T Get<T>(DBusObject target, string property, string signature, Func<DBusReader, T> read, bool startService = true)
    {
        string call = $"{target.Interface}.{property}";
        return _context.Step($"dbus get {call}", () => Send(
            target with { Interface = "org.freedesktop.DBus.Properties" },
            "Get",
            call,
            writer => writer.String(target.Interface).String(property),
            reader => reader.Variant(signature, read),
            startService));
    }

    /// <summary>Asks the bus for a signal of <paramref name="source"/>, to be read with <see cref="AwaitSignal"/>.</summary>
    public void Match(DBusObject source, string member) => Call(
        DBusObject.Bus,
        "AddMatch",
        writer => writer.String($"type='signal',sender='{source.Service}',path='{source.Path}',interface='{source.Interface}',member='{member}'"));

    /// <summary>Reads signals until <paramref name="read"/> says it has seen the one that is waited for, by answering something other than null.</summary>
    /// <exception cref="ConfiguratorException">The operation ran out of time, or was given up.</exception>
    public T AwaitSignal<T>(DBusObject source, string member, Func<DBusReader, T?> read)
        where T : class
    {
        string name = $"{source.Interface}.{member}";
        return _context.Step($"dbus await {name}", () =>
        {
            while (true)
            {
                using MessageHandle? message = Next(name);
                if (message is not null && SdBus.IsSignal(message, source.Interface, member) > 0 && read(new DBusReader(message, name)) is T found)
                {
                    return found;
                }
            }
        });
    }

    public void Dispose() => _bus.Dispose();

    private static string Text(nint utf8) => Marshal.PtrToStringUTF8(utf8) ?? string.Empty;

    private static ulong Microseconds(TimeSpan time) => (ulong)Math.Max(1, time.Ticks / TimeSpan.TicksPerMicrosecond);

    private T Send<T>(DBusObject target, string member, string call, Action<DBusWriter>? arguments, Func<DBusReader, T> read, bool startService)
    {
        Require(call, SdBus.NewMethodCall(_bus, out nint raw, target.Service, target.Path, target.Interface, member));
        using var message = new MessageHandle(raw);
        if (!startService)
        {
            Require(call, SdBus.SetAutoStart(message, 0));
        }

        arguments?.Invoke(new DBusWriter(message, call));
        SdBusError error = default;
        int result = SdBus.Call(_bus, message, Microseconds(_context.Remaining), &error, out nint rawReply);
        using var reply = new MessageHandle(rawReply);
        if (result >= 0)
        {
            return read(new DBusReader(reply, call));
        }

        try
        {
            throw error.Name == 0 ? DBusErrors.Native(call, result) : DBusErrors.Reply(call, Text(error.Name), Text(error.Message));
        }
        finally
        {
            SdBus.ErrorFree(&error);
        }
    }

    /// <summary>Without this, the first call would wait for the bus's handshake by a clock of its own.</summary>
    private void AwaitReady()
    {
        while (true)
        {
            int ready = SdBus.IsReady(_bus);
            if (ready > 0)
            {
                return;
            }

            Require("Connecting to the system bus", ready);
            Next("Connecting to the system bus")?.Dispose();
        }
    }

    /// <summary>The next message that nobody waits for in a call; null when none came within a slice.</summary>
    private MessageHandle? Next(string call)
    {
        TimeSpan remaining = _context.Remaining;
        int processed = SdBus.Process(_bus, out nint message);
        Require(call, processed);
        if (message != 0)
        {
            return new MessageHandle(message);
        }

        if (processed == 0)
        {
            // A signal to this process (the runtime sends itself some) ends the wait early; that is no failure.
            int waited = SdBus.Wait(_bus, Microseconds(remaining < s_slice ? remaining : s_slice));
            Require(call, waited == -Interrupted ? 0 : waited);
        }

        return null;
    }

    private static void Require(string call, int result)
    {
        if (result < 0)
        {
            throw DBusErrors.Native(call, result);
        }
    }
}
