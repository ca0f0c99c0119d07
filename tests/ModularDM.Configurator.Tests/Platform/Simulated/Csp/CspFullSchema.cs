using ModularDM.Configurator.Platform.Simulated.Csp;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

/// <summary>Every node of every description in one schema, read once.</summary>
internal static class CspFullSchema
{
    private static readonly Lazy<CspSchema> s_schema = new(() =>
    {
        var schema = new CspSchema();
        foreach ((_, byte[] content) in SharedCsp.Descriptions())
        {
            DdfReader.Read(new MemoryStream(content), schema);
        }

        return schema;
    });

    public static CspSchema Load() => s_schema.Value;
}
