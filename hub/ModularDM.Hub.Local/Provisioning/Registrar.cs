using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using ModularDM.Hub.Local.Registry;
using ModularDM.Hub.Local.Twins;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>One registration under way, or done.</summary>
internal sealed record RegistrationOperation(string Id, Task<Registration> Outcome);

/// <summary>Assigns devices to hubs: decides where to, makes the device there, and moves what it had.</summary>
internal sealed class Registrar(Enrollments enrollments, Allocator allocator, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, RegistrationOperation> operations = new(StringComparer.OrdinalIgnoreCase);
    private readonly Lock gate = new();

    /// <summary>Begins a registration; one that is under way for this device goes on instead.</summary>
    /// <param name="registrationId">Who.</param>
    /// <param name="enrollment">What it proved to belong to.</param>
    /// <param name="thumbprint">The certificate that it came with, if it did.</param>
    /// <param name="payload">What it said of itself, as JSON.</param>
    public RegistrationOperation Begin(string registrationId, Enrollment enrollment, string? thumbprint, string? payload)
    {
        lock (gate)
        {
            if (operations.TryGetValue(registrationId, out RegistrationOperation? running) && !running.Outcome.IsCompleted)
            {
                return running;
            }

            string id = string.Create(CultureInfo.InvariantCulture, $"5.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}.{Guid.NewGuid():D}");
            return operations[registrationId] = new RegistrationOperation(id, AssignAsync(registrationId, enrollment, thumbprint, payload));
        }
    }

    /// <summary>The device's last operation, if it has this id.</summary>
    public RegistrationOperation? Find(string registrationId, string operationId) =>
        operations.TryGetValue(registrationId, out RegistrationOperation? operation) && operation.Id == operationId ? operation : null;

    private async Task<Registration> AssignAsync(string registrationId, Enrollment enrollment, string? thumbprint, string? payload)
    {
        await Task.Yield();
        Registration? before = enrollments.FindRegistration(registrationId);
        DateTimeOffset now = time.GetUtcNow();
        var after = new Registration(
            registrationId,
            enrollment.IsGroup ? enrollment.Id : null,
            enrollment.Attestation.IsKeys,
            "disabled",
            null,
            before?.AssignedHub,
            before?.DeviceId,
            before?.Created ?? now,
            now,
            (before?.ETag ?? 0) + 1,
            0,
            null,
            null);
        if (enrollment.Enabled)
        {
            try
            {
                after = await AssignAsync(after, before, enrollment, thumbprint, payload);
            }
            catch (HubRefusalException e)
            {
                after = after with { Status = "failed", ErrorCode = e.Code, ErrorMessage = e.Message };
            }
        }

        await enrollments.SaveAsync(after);
        return after;
    }

    private async Task<Registration> AssignAsync(Registration registration, Registration? before, Enrollment enrollment, string? thumbprint, string? payload)
    {
        ProvisioningTarget? previous = allocator.Find(HubName(before?.AssignedHub));
        bool stays = previous is not null && !enrollment.UpdateHubAssignment;
        Allocation allocation = stays
            ? new Allocation(previous!, null, before!.Payload)
            : await allocator.DecideAsync(enrollment, registration.RegistrationId, before, payload);
        string deviceId = enrollment.DeviceId ?? registration.RegistrationId;
        DeviceAuthentication authentication = Authentication(enrollment, registration.RegistrationId, thumbprint);
        Device? old = previous is not null && previous != allocation.Target ? previous.Registry.Find(before!.DeviceId!) : null;
        await PlaceAsync(allocation, deviceId, authentication, old, enrollment.MigrateDeviceData);
        if (old is not null)
        {
            await previous!.Registry.RemoveAsync(old, "*");
        }

        return registration with
        {
            Status = Registration.Assigned,
            Substatus = previous is null ? "initialAssignment"
                : stays ? before!.Substatus
                : previous == allocation.Target ? "reprovisionedToInitialAssignment"
                : enrollment.MigrateDeviceData ? "deviceDataMigrated" : "deviceDataReset",
            AssignedHub = allocation.Target.Address(),
            DeviceId = deviceId,
            Payload = allocation.Payload,
        };
    }

    // What a device had goes with it, or it begins with the enrolment's twin; a device that is where it was keeps what it has.
    private async Task PlaceAsync(Allocation allocation, string deviceId, DeviceAuthentication authentication, Device? old, bool migrate)
    {
        DeviceRegistry registry = allocation.Target.Registry;
        Twin? kept = migrate ? old?.Twin : null;
        ServiceTwinChange? twin = kept is null ? allocation.InitialTwin : new ServiceTwinChange(Json(kept.Tags), Json(kept.Desired.Body), Replace: true);
        Device? device = registry.Find(deviceId);
        if (device is null)
        {
            device = await registry.CreateAsync(DeviceIdentity.New(deviceId, time.GetUtcNow()) with { Authentication = authentication }, twin);
        }
        else if (old is not null || device.Identity.Authentication.ToRow() != authentication.ToRow())
        {
            await registry.UpdateAsync(device, "*", identity => identity with { Authentication = authentication }, old is null ? null : twin);
        }

        if (kept is { Reported.Body.Length: > 2 })
        {
            await registry.ReportAsync(device, Json(kept.Reported.Body));
        }
    }

    private static DeviceAuthentication Authentication(Enrollment enrollment, string registrationId, string? thumbprint)
    {
        if (!enrollment.Attestation.IsKeys)
        {
            return DeviceAuthentication.SelfSigned(thumbprint, null);
        }

        (string primary, string secondary) = enrollment.Attestation.DeviceKeys(registrationId, enrollment.IsGroup);
        return DeviceAuthentication.Sas(primary, secondary);
    }

    // Ports may differ after a restart.
    private static string? HubName(string? address) => address is null ? null : Protocol.HubEndpoint.Parse(address, 1).Host;

    private static JsonElement Json(byte[] body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }
}
