using System.Net.Http.Headers;
using System.Runtime.InteropServices;
using System.Text.Json;
using ModularDM.Hub.Local.Rest;
using ModularDM.Hub.Local.Twins;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Provisioning;

/// <summary>Asks a service of the operator's own where a device is to go, with the request and answer of custom allocation.</summary>
internal sealed class AllocationWebhook : IDisposable
{
    private const int MaxAnswerBytes = 64 * 1024;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private readonly HttpClient http = new() { Timeout = Limit, MaxResponseContentBufferSize = MaxAnswerBytes };

    /// <param name="Hub">The chosen hub.</param>
    /// <param name="InitialTwin">Instead of the enrolment's, if given.</param>
    /// <param name="Payload">What the device is told, if anything.</param>
    public sealed record Answer(string Hub, byte[]? InitialTwin, string? Payload);

    /// <exception cref="HubRefusalException">There is no answer in time, or not one that says where to.</exception>
    public async Task<Answer> AskAsync(Enrollment enrollment, string registrationId, Registration? before, string? payload, IEnumerable<string> hubs)
    {
        using var content = new ByteArrayContent(Question(enrollment, registrationId, before, payload, hubs));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        try
        {
            using HttpResponseMessage response = await http.PostAsync(enrollment.Webhook, content);
            if (!response.IsSuccessStatusCode)
            {
                throw Failed($"it answered {(int)response.StatusCode}");
            }

            using JsonDocument document = HubJson.Parse(await response.Content.ReadAsByteArrayAsync());
            JsonElement json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object || json.Text("iotHubHostName") is not { Length: > 0 } hub)
            {
                throw Failed("its answer has no 'iotHubHostName'");
            }

            return new Answer(
                hub,
                json.Object("initialTwin") is { } twin ? JsonMarshal.GetRawUtf8Value(twin).ToArray() : null,
                json.TryGetProperty("payload", out JsonElement told) ? told.GetRawText() : null);
        }
        catch (HttpRequestException)
        {
            throw Failed("it cannot be reached, or answers too much");
        }
        catch (TaskCanceledException)
        {
            throw Failed("it does not answer in time");
        }
    }

    public void Dispose() => http.Dispose();

    private static byte[] Question(Enrollment enrollment, string registrationId, Registration? before, string? payload, IEnumerable<string> hubs) =>
        HubJson.Bytes((enrollment, registrationId, before, payload, hubs), static (s, json) =>
        {
            json.WriteStartObject();
            json.WritePropertyName(s.enrollment.IsGroup ? "enrollmentGroup" : "individualEnrollment");
            s.enrollment.Write(json, withKeys: false);
            json.WriteStartObject("deviceRuntimeContext"u8);
            json.WriteString("registrationId"u8, s.registrationId);
            if (s.before?.AssignedHub is not null)
            {
                json.WriteString("currentIotHubHostName"u8, s.before.AssignedHub);
                json.WriteString("currentDeviceId"u8, s.before.DeviceId);
            }

            json.WriteStartObject(s.enrollment.Attestation.IsKeys ? "symmetricKey"u8 : "x509"u8);
            json.WriteEndObject();
            if (s.payload is not null)
            {
                json.WritePropertyName("payload"u8);
                json.WriteRawValue(s.payload, skipInputValidation: true);
            }

            json.WriteEndObject();
            json.WriteStartArray("linkedHubs"u8);
            foreach (string hub in s.hubs)
            {
                json.WriteStringValue(hub);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });

    private static HubRefusalException Failed(string why) => new(HubErrorCodes.CustomAllocationFailed, $"The custom allocation failed: {why}.");
}
