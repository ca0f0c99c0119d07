using System.Globalization;

namespace ModularDM.Configurator.Authorization;

/// <summary>Whom a part of the policy is about.</summary>
internal abstract record PolicySubject
{
    public abstract bool Matches(CallerIdentity caller);

    /// <summary>Every process of a systemd system unit that runs as the unit's account; processes in groups below the unit count as the unit.</summary>
    public sealed record Unit(string Name, string User) : PolicySubject
    {
        public override bool Matches(CallerIdentity caller) =>
            caller.Unit == Name && caller.Uid is { } uid && UnitUser.Resolve(User) == uid;

        public override string ToString() => $"unit:{Name}";
    }

    /// <summary>Every process of an account.</summary>
    public sealed record Account(uint Uid) : PolicySubject
    {
        public override bool Matches(CallerIdentity caller) => caller.Uid == Uid;

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"uid:{Uid}");
    }

    /// <summary>Every process with this security identifier (Windows).</summary>
    public sealed record SecurityIdentifier(string Sid) : PolicySubject
    {
        public override bool Matches(CallerIdentity caller) => string.Equals(caller.Sid, Sid, StringComparison.OrdinalIgnoreCase);

        public override string ToString() => $"sid:{Sid}";
    }
}
