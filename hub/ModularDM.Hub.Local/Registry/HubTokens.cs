using System.Collections.Concurrent;
using ModularDM.Hub.Protocol;

namespace ModularDM.Hub.Local.Registry;

/// <summary>Decides what a shared access signature opens. Nothing here says why a token fails: that goes to the log, not to a stranger.</summary>
internal sealed class HubTokens(HubPolicies policies, IReadOnlyList<string> hostNames, TimeProvider time)
{
    private const int MaxRemembered = 1024;
    private readonly ConcurrentDictionary<string, Grant> remembered = new(StringComparer.Ordinal);

    private sealed record Grant(SasToken Token, HubPermissions Permissions, bool WholeHub);

    /// <summary>Whether <paramref name="authorization"/> is a policy's token that covers <paramref name="path"/> with <paramref name="needed"/> permissions.</summary>
    /// <returns>The policy's name.</returns>
    /// <exception cref="HubRefusalException">It is not.</exception>
    public string RequireService(string? authorization, string path, HubPermissions needed)
    {
        if (authorization is null)
        {
            throw HubRefusalException.Unauthorized("The request has no Authorization header.");
        }

        if (!remembered.TryGetValue(authorization, out Grant? grant))
        {
            grant = Verify(authorization) ?? throw HubRefusalException.Unauthorized("The token is not valid for this hub.");
            if (remembered.Count >= MaxRemembered)
            {
                remembered.Clear();
            }

            remembered[authorization] = grant;
        }

        if (grant.Token.IsExpired(time.GetUtcNow()))
        {
            throw HubRefusalException.Unauthorized("The token has expired.");
        }

        if (!grant.WholeHub && !hostNames.Any(host => grant.Token.Covers(host + path)))
        {
            throw HubRefusalException.Unauthorized("The token is for another resource.");
        }

        if ((grant.Permissions & needed) != needed)
        {
            throw HubRefusalException.Unauthorized($"The policy '{grant.Token.PolicyName}' lacks {needed}.");
        }

        return grant.Token.PolicyName!;
    }

    /// <summary>Why a device or module may not connect with this password; none when it may, with the time at which its token ends.</summary>
    public string? RefuseDevice(DeviceIdentity device, string? password, out DateTimeOffset expiry)
    {
        expiry = default;
        if (!SasToken.TryParse(password, out SasToken? token, out string? error))
        {
            return error;
        }

        expiry = token.Expiry;
        if (token.IsExpired(time.GetUtcNow()))
        {
            return "The token has expired.";
        }

        string path = device.ModuleId is null ? $"/devices/{device.DeviceId}" : $"/devices/{device.DeviceId}/modules/{device.ModuleId}";
        if (!hostNames.Any(host => token.Covers(host + path)))
        {
            return "The token is for another resource.";
        }

        if (token.PolicyName is null)
        {
            bool signed = false;
            foreach (byte[] key in device.Authentication.Keys)
            {
                signed |= token.IsSignedWith(key);
            }

            return signed ? null : "The token is not signed with a key of the device's.";
        }

        if (policies.Find(token.PolicyName) is not { } policy || !token.IsSignedWith(policy.KeyBytes))
        {
            return "The token is not signed with the key of a policy of the hub's.";
        }

        return policy.Permissions.HasFlag(HubPermissions.DeviceConnect) ? null : $"The policy '{policy.Name}' lacks {HubPermissions.DeviceConnect}.";
    }

    private Grant? Verify(string authorization) =>
        SasToken.TryParse(authorization, out SasToken? token, out _)
            && token.PolicyName is not null
            && policies.Find(token.PolicyName) is { } policy
            && token.IsSignedWith(policy.KeyBytes)
                ? new Grant(token, policy.Permissions, hostNames.Contains(token.Resource, StringComparer.OrdinalIgnoreCase))
                : null;
}
