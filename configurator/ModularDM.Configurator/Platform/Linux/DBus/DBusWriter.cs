using System.Runtime.InteropServices;

namespace ModularDM.Configurator.Platform.Linux.DBus;

/// <summary>Appends the arguments of one call.</summary>
internal sealed unsafe class DBusWriter(MessageHandle message, string call)
{
    public DBusWriter String(string value)
    {
        nint utf8 = Marshal.StringToCoTaskMemUTF8(value);
        try
        {
            return Check(SdBus.AppendBasic(message, (byte)'s', (void*)utf8));
        }
        finally
        {
            Marshal.FreeCoTaskMem(utf8);
        }
    }

    public DBusWriter Bool(bool value)
    {
        // D-Bus booleans are ints to sd-bus.
        int number = value ? 1 : 0;
        return Check(SdBus.AppendBasic(message, (byte)'b', &number));
    }

    public DBusWriter UInt64(ulong value) => Check(SdBus.AppendBasic(message, (byte)'t', &value));

    public DBusWriter Strings(params ReadOnlySpan<string> values)
    {
        Check(SdBus.OpenContainer(message, (byte)'a', "s"));
        foreach (string value in values)
        {
            String(value);
        }

        return Check(SdBus.CloseContainer(message));
    }

    private DBusWriter Check(int result) => result >= 0 ? this : throw DBusErrors.Native(call, result);
}
