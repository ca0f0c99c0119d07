using System.Text.Json;
using System.Text.Json.Serialization;
using ModularDM.Contracts;
using ModularDM.Contracts.Json;
using ModularDM.Contracts.Twin;
using ModularDM.Hosting.Twin;

namespace ModularDM.Hosting.Storage;

/// <summary>
/// The section <c>externalStorage</c> (original client contract, C01). It is the runtime's own because several plugins depend on it and plugins never import each other.
/// The original echoed the key in its report (W04); here only whether one is set is told.
/// </summary>
internal sealed class ExternalStorageSection(string coreVendor, ExternalStorage storage) : ISectionOwner
{
    public SectionName Name { get; } = new(coreVendor, "externalStorage");

    public string PluginId => "modulardm.runtime";

    public IReadOnlyList<SectionName> After => [];

    /// <summary>The value is not kept on disk, so each run needs it once.</summary>
    public bool ApplyAtBoot => true;

    public bool HoldsSecrets => true;

    public Task<ApplyResult> ApplyAsync(SectionDesired desired, CancellationToken cancellationToken)
    {
        if (desired.Removed)
        {
            storage.ConnectionString = null;
            return Task.FromResult(ApplyResult.Completed);
        }

        var errors = new List<SectionError>();
        ExternalStorageSettings? settings = JsonMembers.Read(desired.Value, StorageJson.Default.ExternalStorageSettings, errors);
        if (settings is null)
        {
            // A key that was typed where a member's name belongs must not be echoed with it.
            return Task.FromResult(ApplyResult.Rejected([.. errors.Select(error => error.Path is "connectionString" ? error : error with { Path = "" })]));
        }

        storage.ConnectionString = settings.ConnectionString.Length == 0 ? null : settings.ConnectionString;
        return Task.FromResult(ApplyResult.Completed);
    }

    public Task<SectionReading> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(new SectionReading(SectionReport.From(
        new ExternalStorageSettings { ConnectionString = storage.ConnectionString is null ? "<not set>" : "<set>" }, StorageJson.Default.ExternalStorageSettings)));
}

internal sealed record ExternalStorageSettings : IValidated
{
    /// <summary>An account's connection string or a SAS address; empty for none.</summary>
    public string ConnectionString { get; init; } = "";

    public IEnumerable<SectionError> Validate()
    {
        bool isAddress = Uri.TryCreate(ConnectionString, UriKind.Absolute, out Uri? address) && address.Scheme is "https" or "http";
        bool isPairs = ConnectionString.Split(';', StringSplitOptions.RemoveEmptyEntries).All(pair => pair.IndexOf('=', StringComparison.Ordinal) > 0);
        if (!isAddress && !isPairs)
        {
            yield return new SectionError(
                "connectionString", "expected a storage connection string (Key=Value;...) or a SAS address (https://...)", ErrorCodes.InvalidDesiredJsonValue);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ExternalStorageSettings))]
internal sealed partial class StorageJson : JsonSerializerContext;
