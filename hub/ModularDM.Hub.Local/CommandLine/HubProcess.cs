using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ModularDM.Hub.Local.CommandLine;

/// <summary>Runs a hub as a process: says where it is, to a person and to a program, and stops when asked to.</summary>
internal static partial class HubProcess
{
    private const int StartFailed = 1;

    // People copy keys from this line: '+' stays '+'.
    private static readonly ReadyContext ReadyText = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    public static async Task<int> RunAsync(LocalHubOptions options, string? readyFile, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        LocalHub hub;
        try
        {
            hub = await LocalHub.StartAsync(options, cancellationToken);
        }
        catch (LocalHubStartException e)
        {
            return await RefuseAsync(e, error);
        }

        await using (hub)
        {
            await DescribeAsync(hub, output);
            string ready = ReadyJson(hub);
            if (readyFile is not null)
            {
                // Renamed into place, so that a reader never sees half of it.
                string partial = readyFile + ".new";
                await WritePrivateAsync(partial, ready);
                File.Move(partial, readyFile, overwrite: true);
            }

            await output.WriteLineAsync($"READY {ready}");
            await output.FlushAsync(CancellationToken.None);
            await UntilAsync(cancellationToken);
        }

        return 0;
    }

    /// <summary>Says why the hub does not start.</summary>
    public static async Task<int> RefuseAsync(LocalHubStartException refusal, TextWriter error)
    {
        await error.WriteLineAsync($"mdm-hub: {refusal.Message}");
        return StartFailed;
    }

    private static async Task DescribeAsync(LocalHub hub, TextWriter output)
    {
        await output.WriteLineAsync($"Devices connect to  mqtts://{hub.Host}:{hub.MqttPort}");
        await output.WriteLineAsync($"Services connect to https://{hub.Host}:{hub.HttpsPort}");
        if (hub.AmqpPort is { } amqpPort)
        {
            await output.WriteLineAsync($"AMQP is at          amqps://{hub.Host}:{amqpPort}");
        }

        await output.WriteLineAsync($"Clients must trust  {hub.CaFile}");
        if (hub.FirstStart)
        {
            await output.WriteLineAsync($"Service (iothubowner): {hub.ServiceConnectionString}");
            foreach (string id in hub.DeviceIds)
            {
                await output.WriteLineAsync($"Device {id}: {hub.GetDeviceConnectionString(id)}");
            }
        }
    }

    private static string ReadyJson(LocalHub hub) => JsonSerializer.Serialize(
        new Ready(
            hub.Host,
            hub.MqttPort,
            hub.HttpsPort,
            hub.AmqpPort,
            hub.CaFile,
            hub.ServiceConnectionString,
            [.. hub.DeviceIds.Select(id => new ReadyDevice(id, hub.GetDeviceConnectionString(id)))]),
        ReadyText.Ready);

    private static async Task WritePrivateAsync(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using var file = new StreamWriter(path, options);
        await file.WriteAsync(text);
    }

    private static async Task UntilAsync(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellationToken.Register(stopped.SetResult))
        {
            await stopped.Task;
        }
    }

    internal sealed record Ready(
        string Host,
        int MqttPort,
        int HttpsPort,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? AmqpPort,
        string CaFile,
        string ServiceConnectionString,
        IReadOnlyList<ReadyDevice> Devices);

    internal sealed record ReadyDevice(string DeviceId, string ConnectionString);

    [JsonSerializable(typeof(Ready))]
    internal sealed partial class ReadyContext : JsonSerializerContext;
}
