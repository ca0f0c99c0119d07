namespace ModularDM.Hub.Local.Routing;

/// <summary>What a route carries.</summary>
public enum RouteSource
{
    /// <summary>Messages from devices, bodies included.</summary>
    Messages,

    /// <summary>Changes of twins.</summary>
    TwinChanges,

    /// <summary>Devices that connect and disconnect.</summary>
    Connections,
}

/// <summary>Sends what happens in a hub on to somewhere else: to a file or to a web address, one of both.</summary>
public sealed record HubRoute
{
    /// <summary>What the operator calls it; each route has another name.</summary>
    public string Name { get; set; } = "";

    /// <summary>What it carries.</summary>
    public RouteSource? Source { get; set; }

    /// <summary>
    /// What must be so, all of it: message properties by the names they have in a topic, and <c>deviceId</c>; of a twin change <c>deviceId</c> and <c>section</c>;
    /// of a connection <c>deviceId</c> and <c>type</c>. Nothing lets all through.
    /// </summary>
    public IReadOnlyDictionary<string, string> Where { get; set; } = new Dictionary<string, string>();

    /// <summary>How many records may wait. Above it the newest are dropped, counted, and the log says so.</summary>
    /// <value>1 to 100,000; 1,000 by default.</value>
    public int Queue { get; set; } = 1000;

    /// <summary>The file that gets a line of JSON for each record.</summary>
    public RouteFile? File { get; set; }

    /// <summary>The web address that each record is posted to.</summary>
    public RouteHttp? Http { get; set; }

    /// <summary>What is wrong with this route; nothing if it can be used.</summary>
    public IEnumerable<string> Check()
    {
        string name = string.IsNullOrWhiteSpace(Name) ? "A route" : $"Route '{Name}'";
        if (Name.Length is 0 or > 64)
        {
            yield return $"{name}: 'name' must have 1 to 64 characters.";
        }

        if (Source is null)
        {
            yield return $"{name}: 'source' must be messages, twinChanges or connections.";
        }

        if (Queue is < 1 or > 100_000)
        {
            yield return $"{name}: 'queue' must be from 1 to 100000; it is {Queue}.";
        }

        if ((File is null) == (Http is null))
        {
            yield return $"{name}: give either 'file' or 'http'.";
        }

        foreach (string error in (File?.Check() ?? []).Concat(Http?.Check() ?? []))
        {
            yield return $"{name}: {error}";
        }
    }
}

/// <summary>A file that a route writes to: JSON lines. When it is full it is renamed to <c>path.1</c>, that to <c>path.2</c>, and so on.</summary>
public sealed record RouteFile
{
    /// <summary>The file.</summary>
    public string Path { get; set; } = "";

    /// <summary>When the file is full.</summary>
    /// <value>1,024 to 1,073,741,824 bytes; 10 MiB by default.</value>
    public long MaxBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>How many full files are kept.</summary>
    /// <value>1 to 100; 5 by default.</value>
    public int Keep { get; set; } = 5;

    internal IEnumerable<string> Check()
    {
        if (Path.Length == 0)
        {
            yield return "'file.path' must name a file.";
        }

        if (MaxBytes is < 1024 or > 1024 * 1024 * 1024)
        {
            yield return $"'file.maxBytes' must be from 1024 to 1073741824; it is {MaxBytes}.";
        }

        if (Keep is < 1 or > 100)
        {
            yield return $"'file.keep' must be from 1 to 100; it is {Keep}.";
        }
    }
}

/// <summary>A web address that a route posts to, one record at a time, as JSON. What it answers with 408, 429 or 5xx is tried again, as is what is lost on the way.</summary>
public sealed record RouteHttp
{
    /// <summary>The address.</summary>
    public string Url { get; set; } = "";

    /// <summary>How long one attempt may take.</summary>
    /// <value>1 to 60 seconds; 10 by default.</value>
    public int TimeoutSeconds { get; set; } = 10;

    /// <summary>How often a record is tried, with a pause of 1, 2, 4... up to 30 seconds between.</summary>
    /// <value>1 to 10; 3 by default.</value>
    public int Attempts { get; set; } = 3;

    internal IEnumerable<string> Check()
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
        {
            yield return "'http.url' must be an http or https address without a user in it.";
        }

        if (TimeoutSeconds is < 1 or > 60)
        {
            yield return $"'http.timeoutSeconds' must be from 1 to 60; it is {TimeoutSeconds}.";
        }

        if (Attempts is < 1 or > 10)
        {
            yield return $"'http.attempts' must be from 1 to 10; it is {Attempts}.";
        }
    }
}
