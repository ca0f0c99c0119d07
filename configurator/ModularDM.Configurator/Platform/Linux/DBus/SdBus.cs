using System.Runtime.InteropServices;

namespace ModularDM.Configurator.Platform.Linux.DBus;

/// <summary>The part of libsystemd's sd-bus that is used here: no variadic function, so that every call has a signature that P/Invoke can keep.</summary>
internal static unsafe partial class SdBus
{
    private const string Library = "libsystemd.so.0";

    [LibraryImport(Library, EntryPoint = "sd_bus_open_system")]
    public static partial int OpenSystem(out nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_close_unref")]
    public static partial nint CloseUnref(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_is_ready")]
    public static partial int IsReady(BusHandle bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_process")]
    public static partial int Process(BusHandle bus, out nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_wait")]
    public static partial int Wait(BusHandle bus, ulong timeoutMicroseconds);

    [LibraryImport(Library, EntryPoint = "sd_bus_call")]
    public static partial int Call(BusHandle bus, MessageHandle message, ulong timeoutMicroseconds, SdBusError* error, out nint reply);

    [LibraryImport(Library, EntryPoint = "sd_bus_error_free")]
    public static partial void ErrorFree(SdBusError* error);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_new_method_call", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int NewMethodCall(BusHandle bus, out nint message, string destination, string path, string @interface, string member);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_set_auto_start")]
    public static partial int SetAutoStart(MessageHandle message, int autoStart);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_unref")]
    public static partial nint Unref(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_is_signal", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int IsSignal(MessageHandle message, string @interface, string member);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_append_basic")]
    public static partial int AppendBasic(MessageHandle message, byte type, void* value);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_open_container", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenContainer(MessageHandle message, byte type, string contents);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_close_container")]
    public static partial int CloseContainer(MessageHandle message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_read_basic")]
    public static partial int ReadBasic(MessageHandle message, byte type, void* value);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_enter_container", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int EnterContainer(MessageHandle message, byte type, string contents);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_exit_container")]
    public static partial int ExitContainer(MessageHandle message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_at_end")]
    public static partial int AtEnd(MessageHandle message, int complete);
}

/// <summary><c>sd_bus_error</c>; its strings belong to the library until it is freed.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SdBusError
{
    public nint Name;
    public nint Message;
    public int NeedsFree;
}

/// <summary>A connection to the bus. It is closed without flushing: every call has waited for its answer, and flushing to a bus that is silent would wait 90 s.</summary>
internal sealed class BusHandle : SafeHandle
{
    public BusHandle(nint bus)
        : base(0, ownsHandle: true) => SetHandle(bus);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        SdBus.CloseUnref(handle);
        return true;
    }
}

/// <summary>One reference to a message.</summary>
internal sealed class MessageHandle : SafeHandle
{
    public MessageHandle(nint message)
        : base(0, ownsHandle: true) => SetHandle(message);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        SdBus.Unref(handle);
        return true;
    }
}
