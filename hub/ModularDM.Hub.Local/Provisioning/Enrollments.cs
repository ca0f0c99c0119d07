using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using ModularDM.Hub.Local.Certificates;
using ModularDM.Hub.Local.Storage;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>All enrolments and what became of the devices that came, in memory in front of the store.</summary>
internal sealed class Enrollments
{
    private readonly Lock gate = new();
    private readonly HubStore store;
    private readonly CertificateAuthorities authorities;
    private readonly string idScope;
    private readonly TimeProvider time;
    private readonly ConcurrentDictionary<string, Enrollment> individuals = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Enrollment> groups = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Registration> registrations = new(StringComparer.OrdinalIgnoreCase);

    public Enrollments(HubStore store, CertificateAuthorities authorities, string idScope, TimeProvider time)
    {
        (this.store, this.authorities, this.idScope, this.time) = (store, authorities, idScope, time);
        foreach (Enrollment enrollment in store.ReadEnrollments())
        {
            Of(enrollment.IsGroup)[enrollment.Id] = enrollment;
        }

        foreach (Registration registration in store.ReadRegistrations())
        {
            registrations[registration.RegistrationId] = registration;
        }
    }

    public IEnumerable<Registration> Registrations => registrations.Values;

    public IEnumerable<Enrollment> All(bool isGroup) => Of(isGroup).Values;

    public Enrollment? Find(bool isGroup, string id) => Of(isGroup).GetValueOrDefault(id);

    public Registration? FindRegistration(string id) => registrations.GetValueOrDefault(id);

    /// <exception cref="HubRefusalException">There is none.</exception>
    public Enrollment Get(bool isGroup, string id) => Find(isGroup, id) ?? throw NotFound($"There is no enrolment{(isGroup ? " group" : "")} '{id}'.");

    /// <exception cref="HubRefusalException">There is none.</exception>
    public Registration GetRegistration(string id) => FindRegistration(id) ?? throw NotFound($"No device has registered as '{id}'.");

    /// <summary>Creates, or with an ETag changes, an enrolment.</summary>
    /// <exception cref="HubRefusalException">It is not an enrolment, it exists, or the ETag differs.</exception>
    public async Task<Enrollment> SaveAsync(bool isGroup, string id, JsonElement json, string? ifMatch)
    {
        StoreChange save;
        Enrollment after;
        lock (gate)
        {
            Enrollment? before = Find(isGroup, id);
            if (before is not null && ifMatch is null)
            {
                throw new HubRefusalException(HubErrorCodes.EnrollmentAlreadyExists, $"The enrolment '{id}' already exists; give its ETag to change it.");
            }

            Check(before, ifMatch);
            after = Enrollment.Parse(json, isGroup, id, before, time.GetUtcNow());
            store.Enqueue(save = new EnrollmentStore.SaveEnrollment(after));
            Of(isGroup)[after.Id] = after;
        }

        await save.Done;
        return after;
    }

    /// <exception cref="HubRefusalException">There is none, or the ETag differs.</exception>
    public async Task RemoveAsync(bool isGroup, string id, string? ifMatch)
    {
        StoreChange remove;
        lock (gate)
        {
            Enrollment before = Get(isGroup, id);
            Check(before, ifMatch);
            store.Enqueue(remove = new EnrollmentStore.RemoveEnrollment(isGroup, before.Id));
            Of(isGroup).TryRemove(id, out _);
        }

        await remove.Done;
    }

    public async Task SaveAsync(Registration registration)
    {
        StoreChange save;
        lock (gate)
        {
            store.Enqueue(save = new EnrollmentStore.SaveRegistration(registration));
            registrations[registration.RegistrationId] = registration;
        }

        await save.Done;
    }

    /// <exception cref="HubRefusalException">There is none.</exception>
    public async Task RemoveRegistrationAsync(string id)
    {
        StoreChange remove;
        lock (gate)
        {
            GetRegistration(id);
            store.Enqueue(remove = new EnrollmentStore.RemoveRegistration(id));
            registrations.TryRemove(id, out _);
        }

        await remove.Done;
    }

    /// <summary>The enrolment that a device proves to belong to: its own, or else the first group whose secret or authority it has.</summary>
    public Enrollment? Attest(string registrationId, string? password, X509Certificate2? certificate, out string why)
    {
        why = "There is no enrolment for it.";
        IEnumerable<Enrollment> candidates = individuals.TryGetValue(registrationId, out Enrollment? own) ? [own] : groups.Values.OrderBy(g => g.Id, StringComparer.Ordinal);
        foreach (Enrollment candidate in candidates)
        {
            string? refusal = Refusal(candidate, registrationId, password, certificate);
            if (refusal is null)
            {
                return candidate;
            }

            why = own is null ? "It is not of any enrolment group; of the last one looked at: " + refusal : refusal;
        }

        return null;
    }

    private string? Refusal(Enrollment enrollment, string registrationId, string? password, X509Certificate2? certificate)
    {
        if (enrollment.Attestation.IsKeys)
        {
            return enrollment.Attestation.TokenRefusal(registrationId, enrollment.IsGroup, password, idScope, time.GetUtcNow());
        }

        if (certificate is null || !string.IsNullOrEmpty(password))
        {
            return "The enrolment asks for a client certificate and no password.";
        }

        return new ClientCertificate(certificate).CommonName != registrationId
            ? "The certificate's common name is not the registration id."
            : enrollment.Attestation.CertificateRefusal(certificate, enrollment.IsGroup, authorities, time.GetUtcNow());
    }

    private static void Check(Enrollment? enrollment, string? ifMatch)
    {
        if (ifMatch is not null && !(enrollment is null ? ETags.IsAny(ifMatch) : ETags.Matches(ifMatch, enrollment.ETag)))
        {
            throw HubRefusalException.ETagMismatch();
        }
    }

    private static HubRefusalException NotFound(string message) => new(HubErrorCodes.EnrollmentNotFound, message);

    private ConcurrentDictionary<string, Enrollment> Of(bool isGroup) => isGroup ? groups : individuals;
}
