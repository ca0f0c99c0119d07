using System.Globalization;
using System.Management;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Platform.Windows.Wmi;

/// <inheritdoc cref="IWmiBridge"/>
/// <remarks>Part of the builds for Windows alone: the library that it uses works by reflection, which the native build for Linux has not.</remarks>
[SupportedOSPlatform("windows")]
internal sealed class ManagementWmiBridge : IWmiBridge
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    // A failure is not kept: the WMI service may be started later.
    private readonly Lazy<ManagementScope> _scope = new(Connect, LazyThreadSafetyMode.PublicationOnly);

    private static ManagementScope Connect()
    {
        var scope = new ManagementScope(@"\\.\root\cimv2\mdm\dmmap", new ConnectionOptions { Timeout = s_limit });
        scope.Connect();
        return scope;
    }

    public int Read(WmiNode node, out object? value)
    {
        object? found = null;
        int status = Guarded(() =>
        {
            using ManagementObject? instance = Find(node);
            found = instance?[node.Leaf];
            return instance is null ? SyncMlStatus.NotFound : SyncMlStatus.Ok;
        });
        value = found;
        return status;
    }

    public int Write(WmiNode node, string? value) => Guarded(() =>
    {
        using ManagementObject? found = Find(node);
        if (found is null && value is null)
        {
            return SyncMlStatus.NotFound;
        }

        using ManagementObject instance = found ?? Create(node);
        instance[node.Leaf] = value is null ? null : Convert(value, instance.Properties[node.Leaf].Type);
        instance.Put(new PutOptions(null, s_limit, useAmendedQualifiers: false, PutType.UpdateOrCreate));
        return SyncMlStatus.Ok;
    });

    public int Invoke(WmiNode node, string? data) => Guarded(() =>
    {
        using ManagementObject? instance = Find(node);
        if (instance is null)
        {
            return SyncMlStatus.NotFound;
        }

        using ManagementBaseObject? arguments = instance.GetMethodParameters(node.Method);
        if (arguments is not null && data is not null)
        {
            arguments["param"] = data;
        }

        using ManagementBaseObject? _ = instance.InvokeMethod(node.Method, arguments, new InvokeMethodOptions(null, s_limit));
        return SyncMlStatus.Ok;
    });

    // The names are letters of a fixed list, so the query holds nothing that a caller chose.
    private ManagementObject? Find(WmiNode node)
    {
        var query = new ObjectQuery($"SELECT * FROM {node.ClassName} WHERE ParentID='{node.ParentId}' AND InstanceID='{node.InstanceId}'");
        using var searcher = new ManagementObjectSearcher(_scope.Value, query, new System.Management.EnumerationOptions { Timeout = s_limit, ReturnImmediately = false });
        using ManagementObjectCollection found = searcher.Get();
        return found.OfType<ManagementObject>().FirstOrDefault();
    }

    private ManagementObject Create(WmiNode node)
    {
        using var definition = new ManagementClass(_scope.Value, new ManagementPath(node.ClassName), null);
        ManagementObject instance = definition.CreateInstance();
        instance["ParentID"] = node.ParentId;
        instance["InstanceID"] = node.InstanceId;
        return instance;
    }

    private static object Convert(string value, CimType type) => type switch
    {
        CimType.SInt32 => int.Parse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        CimType.Boolean => bool.Parse(value),
        _ => value,
    };

    private static int Guarded(Func<int> action)
    {
        try
        {
            return action();
        }
        catch (ManagementException e)
        {
            return e.ErrorCode switch
            {
                ManagementStatus.NotFound => SyncMlStatus.NotFound,
                ManagementStatus.InvalidClass or ManagementStatus.InvalidNamespace or ManagementStatus.NotSupported or ManagementStatus.MethodNotImplemented => SyncMlStatus.NotSupported,
                ManagementStatus.AccessDenied => 425,
                ManagementStatus.ReadOnly => SyncMlStatus.NotAllowed,
                ManagementStatus.InvalidParameter or ManagementStatus.TypeMismatch or ManagementStatus.ValueOutOfRange => SyncMlStatus.BadRequest,
                ManagementStatus.Timedout => 408,
                _ => SyncMlStatus.Failed,
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            return SyncMlStatus.BadFormat;
        }
        catch (UnauthorizedAccessException)
        {
            return 425;
        }
        catch (PlatformNotSupportedException e)
        {
            throw ConfiguratorException.NotSupported("This Windows has no MDM bridge in WMI, which needs .NET Framework 4.", e.Message);
        }
        catch (COMException e)
        {
            throw new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Failed, "The MDM bridge in WMI cannot be reached. Is the service winmgmt running?", $"0x{e.HResult:X8}"));
        }
    }
}
