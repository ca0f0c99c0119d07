using System.Globalization;
using System.Text;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Areas;

/// <summary>
/// HealthAttestation: VerifyHealth fetches a certificate from the health service, a while later it is there, and it carries the nonce that was set last. What stands
/// for the certificate is a text that no real service signed.
/// </summary>
internal sealed class HealthArea(DeviceWork work) : SimulatedArea
{
    public static readonly TimeSpan Fetching = TimeSpan.FromMilliseconds(300);
    private const string Csp = "./Vendor/MSFT/HealthAttestation/";
    private const string Verify = Csp + "VerifyHealth";
    private const string Status = Csp + "Status";
    private const string Certificate = Csp + "Certificate";
    private const string Nonce = Csp + "Nonce";
    private const string Endpoint = Csp + "HASEndpoint";
    private const string Correlation = Csp + "CorrelationID";
    private const int Requested = 1;
    private const int NotFetched = 2;
    private const int Complete = 3;

    public override IReadOnlyList<string> Addresses { get; } = [Verify, Certificate];

    public override void Start(CspTree tree)
    {
        if (tree.Value(Status) == Text(Requested))
        {
            work.Resume(tree, Verify, () => Fetch(tree));
        }
    }

    public override CspOutcome? OnExec(CspCall call)
    {
        CspTree tree = call.Tree;
        tree.Set(Status, Text(Requested));
        tree.Set(Correlation, Guid.NewGuid().ToString());
        work.Promise(call, Verify, Fetching, () => Fetch(tree));
        return null;
    }

    public override CspOutcome? OnGet(CspCall call)
    {
        if (call.Address != Certificate)
        {
            return null;
        }

        CspTree tree = call.Tree;
        if (tree.Value(Status) != Text(Complete))
        {
            return new CspOutcome(SyncMlStatus.NotFound);
        }

        string text = $"simulated health certificate\nnonce={tree.Value(Nonce)}\ncorrelation={tree.Value(Correlation)}\nissued={tree.Memory("health.issued")}\n";
        return new CspOutcome(SyncMlStatus.Ok, Convert.ToBase64String(Encoding.UTF8.GetBytes(text)));
    }

    private void Fetch(CspTree tree) => tree.Change(changed =>
    {
        DeviceWork.Done(changed, Verify);
        // An empty endpoint is the service's own default.
        string endpoint = changed.Value(Endpoint) ?? string.Empty;
        bool reachable = endpoint.Length == 0 || Uri.CheckHostName(endpoint) == UriHostNameType.Dns;
        changed.Set(Status, Text(reachable ? Complete : NotFetched));
        changed.Memorize("health.issued", reachable ? CspMoment.Format(work.Clock.GetUtcNow()) : null);
    });

    private static string Text(int status) => status.ToString(CultureInfo.InvariantCulture);
}
