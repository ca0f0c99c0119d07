namespace ModularDM.Hub.Local;

/// <summary>The hub could not start, for a reason that its user can act on.</summary>
public sealed class LocalHubStartException : Exception
{
    private LocalHubStartException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }

    internal static LocalHubStartException PortTaken(LocalHubOptions options, Exception inner)
    {
        string ports = $"{options.MqttPort} (MQTT) and {options.HttpsPort} (HTTPS)" + (options.AmqpPort is { } amqp ? $" and {amqp} (AMQP)" : "");
        return new($"Cannot listen on {options.Bind}, ports {ports}: {inner.Message} Choose others with --mqtt-port, --https-port and --amqp-port, 0 for any free one.", inner);
    }

    internal static LocalHubStartException BadOption(string name, string range) => new($"LocalHubOptions.{name} must be {range}.");

    internal static LocalHubStartException BadRoutes(string errors, Exception? inner = null) => new($"The routes cannot be used: {errors}", inner);

    internal static LocalHubStartException BadBind(string bind) => new($"'{bind}' is not an IP address to listen on.");

    internal static LocalHubStartException DataTooNew(string database) =>
        new($"'{database}' was made by a later version of the hub. Start that version, or give another folder with --data.");

    internal static LocalHubStartException BadCertificate(string file, string reason) => new($"The certificate file '{file}' (--ca-certificate) cannot be used: {reason}");

    internal static LocalHubStartException DataInUse(string folder, Exception inner) => new($"The data folder '{folder}' cannot be used, or another hub is using it.", inner);
}
