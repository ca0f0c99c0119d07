using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace ModularDM.Hosting.Hub;

/// <summary>The certificate by which the device is known. It is read again for every connection, so that a new one needs no restart.</summary>
internal sealed partial class ClientCertificate(HubOptions options, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan s_warnBefore = TimeSpan.FromDays(30);
    private readonly Lock _gate = new();
    private X509Certificate2? _last;

    /// <summary>What is wrong with it at start; null when all is well. One that is not valid yet may pass: a device's clock is often set only once it is connected.</summary>
    public static string? FindMistake(HubOptions options, DateTimeOffset now)
    {
        if (!ClientCertificateFile.TryRead(options, out X509Certificate2? certificate, out string? error))
        {
            return error;
        }

        using (certificate)
        {
            return certificate.NotAfter.ToUniversalTime() > now.UtcDateTime ? null : $"Hub:CertificateFile holds a certificate that ended on {Day(certificate)}; a new one is needed.";
        }
    }

    /// <summary>The certificate as it is on disk now, or the one read last if it cannot be read now.</summary>
    /// <exception cref="HubException">It cannot be read, and never could.</exception>
    public X509Certificate2 Read()
    {
        lock (_gate)
        {
            if (!ClientCertificateFile.TryRead(options, out X509Certificate2? fresh, out string? error))
            {
                CertificateNotReadable(error);
                return _last ?? throw new HubException(HubFailure.Refused, $"Connect: {error}");
            }

            // The one before may still be in use by a connection that is closing; it goes with the garbage.
            return _last = fresh;
        }
    }

    /// <summary>Looks at the certificate's end once a day.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (ClientCertificateFile.TryRead(options, out X509Certificate2? certificate, out _))
            {
                using (certificate)
                {
                    CheckEnd(certificate);
                }
            }

            await Task.Delay(TimeSpan.FromDays(1), clock, cancellationToken);
        }
    }

    private static string Day(X509Certificate2 certificate) => certificate.NotAfter.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private void CheckEnd(X509Certificate2 certificate)
    {
        TimeSpan left = certificate.NotAfter.ToUniversalTime() - clock.GetUtcNow().UtcDateTime;
        if (left <= TimeSpan.Zero)
        {
            CertificateEnded(Day(certificate));
        }
        else if (left <= s_warnBefore)
        {
            CertificateEnds(Day(certificate), (int)left.TotalDays);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The device's certificate cannot be read: {Reason}")]
    private partial void CertificateNotReadable(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The device's certificate ended on {Day}; put a new one into Hub:CertificateFile.")]
    private partial void CertificateEnded(string day);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The device's certificate ends on {Day}, in {Days} days; put a new one into Hub:CertificateFile.")]
    private partial void CertificateEnds(string day, int days);
}
