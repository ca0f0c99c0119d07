using System.Security.Cryptography;
using System.Text.Json;
using ModularDM.Configurator.Authorization;
using ModularDM.Configurator.Operations;
using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Server;

/// <summary>
/// Holds back what the policy wants to hear twice. Offers live in memory only, so none outlives this process, let alone a boot.
/// </summary>
internal sealed class Confirmations(ConfirmRules rules, IApprovals approvals, TimeProvider clock)
{
    private const int MaxOffers = 256;
    private const int MaxOffersPerCaller = 16;
    private readonly Dictionary<string, Offer> _offers = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <exception cref="ConfiguratorException"><see cref="ConfiguratorErrorCode.Denied"/>: the policy wants it never.</exception>
    public void Allow(string name, Operation operation)
    {
        if (rules.ModeOf(name, operation.ConfirmByDefault) == ConfirmMode.Deny)
        {
            throw ConfiguratorException.Denied($"The policy forbids '{name}' to everybody (confirm.{name} is \"deny\").");
        }
    }

    /// <summary>Returns when the request may be performed now; a word that it carries is spent then.</summary>
    /// <exception cref="ConfiguratorException">It may not: <see cref="ConfiguratorErrorCode.ConfirmationNeeded"/> with the word, or what is wrong with the word given.</exception>
    public void Check(RequestFrame frame, string name, Operation operation, CallerIdentity caller)
    {
        ConfirmMode mode = rules.ModeOf(name, operation.ConfirmByDefault);
        string? word = frame.Request.Confirm;
        if (mode == ConfirmMode.OneCall)
        {
            if (word is not null)
            {
                throw ConfiguratorException.InvalidArgument($"'{name}' takes no confirm here: the policy performs it at the first call.");
            }

            return;
        }

        string who = $"{caller.Account} {caller.Unit} {frame.Plugin}";
        string what = Digest(frame.Request);
        lock (_gate)
        {
            if (word is null)
            {
                throw MakeOffer(name, who, what, caller, mode);
            }

            Use(word, name, who, what, mode);
        }
    }

    private ConfiguratorException MakeOffer(string name, string who, string what, CallerIdentity caller, ConfirmMode mode)
    {
        DateTimeOffset now = clock.GetUtcNow();
        // What is spent or expired is kept as long again, so that it can be refused in the right words.
        foreach (string old in _offers.Where(offer => offer.Value.Expires + rules.Limit < now).Select(offer => offer.Key).ToArray())
        {
            _offers.Remove(old);
        }

        if (_offers.Count >= MaxOffers || _offers.Values.Count(offer => offer.Account == caller.Account && !offer.Spent && offer.Expires > now) >= MaxOffersPerCaller)
        {
            return new ConfiguratorException(new ConfiguratorError(
                ConfiguratorErrorCode.Busy, $"Too many requests wait for their confirmation; the oldest expire within {rules.Limit.TotalSeconds:0} s."));
        }

        string word = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var offer = new Offer(who, what, caller.Account, now + rules.Limit);
        if (mode == ConfirmMode.LocalApproval)
        {
            offer = offer with { Approval = approvals.Ask(name, who, offer.Expires) };
        }

        _offers.Add(word, offer);
        return Needed(name, word, offer);
    }

    private void Use(string word, string name, string who, string what, ConfirmMode mode)
    {
        if (!_offers.TryGetValue(word, out Offer? offer))
        {
            throw Refused(name, "is not known: it was never given, or the service has been started anew since. Send the request without confirm for a new one", "unknown");
        }

        if (offer.Who != who)
        {
            throw Refused(name, "was given to another caller or plugin", "otherCaller");
        }

        if (offer.What != what)
        {
            throw Refused(name, "was given for another operation or other arguments; send exactly what was sent first", "otherRequest");
        }

        if (offer.Spent)
        {
            throw Refused(name, "was used already; each holds once", "replayed");
        }

        if (clock.GetUtcNow() >= offer.Expires)
        {
            throw Refused(name, $"expired at {offer.Expires:yyyy-MM-dd'T'HH:mm:ss'Z'}. Send the request without confirm for a new one", "expired");
        }

        if (mode == ConfirmMode.LocalApproval && !approvals.IsGiven(offer.Approval!))
        {
            throw Needed(name, word, offer);
        }

        _offers[word] = offer with { Spent = true };
    }

    private static ConfiguratorException Needed(string name, string word, Offer offer) => new(new ConfiguratorError(
        ConfiguratorErrorCode.ConfirmationNeeded,
        offer.Approval is null
            ? $"The policy asks for '{name}' twice: send the same request again with this confirm before {offer.Expires:yyyy-MM-dd'T'HH:mm:ss'Z'}."
            : $"The policy asks for an approval at the device: mdm-configurator approve {offer.Approval}. Then send the same request with this confirm before {offer.Expires:yyyy-MM-dd'T'HH:mm:ss'Z'}.",
        Confirmation: new ConfirmationOffer(word, offer.Expires)));

    private static ConfiguratorException Refused(string name, string why, string detail) =>
        new(new ConfiguratorError(ConfiguratorErrorCode.Conflict, $"'{name}' was not done: its confirm {why}.", detail));

    // The name of the operation is part of the JSON.
    private static string Digest(ConfiguratorRequest request) => Convert.ToHexString(
        SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request with { Confirm = null }, ConfiguratorJson.Default.ConfiguratorRequest)));

    private sealed record Offer(string Who, string What, string Account, DateTimeOffset Expires, string? Approval = null, bool Spent = false);
}
