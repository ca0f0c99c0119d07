using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>Where a device goes, and what comes with the decision.</summary>
internal sealed record Allocation(ProvisioningTarget Target, ServiceTwinChange? InitialTwin, string? Payload);

/// <summary>Decides to which hub a device goes, as its enrolment says.</summary>
internal sealed class Allocator(IReadOnlyList<ProvisioningTarget> targets, AllocationWebhook webhook)
{
    /// <summary>A linked hub by its host name, with or without a port.</summary>
    public ProvisioningTarget? Find(string? hub) => hub is null ? null : targets.FirstOrDefault(t => t.HubName == hub || hub == t.Address());

    /// <exception cref="HubRefusalException">No hub is linked that the enrolment allows, or who decides gave no answer.</exception>
    public async Task<Allocation> DecideAsync(Enrollment enrollment, string registrationId, Registration? before, string? payload)
    {
        ServiceTwinChange? twin = ReadTwin(enrollment.InitialTwin);
        ProvisioningTarget[] allowed = enrollment.Hubs.Count == 0 ? [.. targets] : [.. enrollment.Hubs.Select(Linked)];
        switch (enrollment.AllocationPolicy)
        {
            case "static":
                return new Allocation(allowed[0], twin, null);
            case "custom":
                AllocationWebhook.Answer answer = await webhook.AskAsync(enrollment, registrationId, before, payload, allowed.Select(t => t.HubName));
                return new Allocation(Linked(answer.Hub), answer.InitialTwin is null ? twin : ReadTwin(answer.InitialTwin), answer.Payload);
            default:
                // The same id comes to the same hub as long as the same hubs are linked.
                byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(registrationId.ToLowerInvariant()));
                uint number = BinaryPrimitives.ReadUInt32BigEndian(hash);
                ProvisioningTarget[] ordered = [.. allowed.OrderBy(t => t.HubName, StringComparer.Ordinal)];
                return new Allocation(ordered[number % (uint)ordered.Length], twin, null);
        }
    }

    private static ServiceTwinChange? ReadTwin(byte[]? json)
    {
        if (json is null)
        {
            return null;
        }

        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement twin = document.RootElement.Clone();
        return new ServiceTwinChange(Rest.RequestMembers.Object(twin, "tags"), Rest.RequestMembers.Object(twin, "properties") is { } p ? Rest.RequestMembers.Object(p, "desired") : null, Replace: true);
    }

    private ProvisioningTarget Linked(string hub) =>
        Find(hub) ?? throw HubRefusalException.Invalid($"The hub '{hub}' is not linked to this service; linked are: {string.Join(", ", targets.Select(t => t.HubName))}.");
}
