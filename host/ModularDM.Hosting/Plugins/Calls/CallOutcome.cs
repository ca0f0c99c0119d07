namespace ModularDM.Hosting.Plugins.Calls;

/// <summary>How a call into a plugin ended.</summary>
internal enum CallEnd
{
    /// <summary>With a value.</summary>
    Returned,

    /// <summary>With an exception.</summary>
    Threw,

    /// <summary>The limit passed and the plugin obeyed its token.</summary>
    OutOfTime,

    /// <summary>The caller gave up and the plugin obeyed its token, or was never called.</summary>
    Cancelled,

    /// <summary>The limit passed, or the caller gave up, and the plugin went on: its lease is to be revoked.</summary>
    Abandoned,

    /// <summary>Other calls held the plugin until the limit; it was not called.</summary>
    NotStarted,

    /// <summary>Too many calls wait already; it was not called.</summary>
    Refused,
}

internal readonly record struct CallOutcome<T>(CallEnd End, T? Value = default, Exception? Exception = null);
