using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace ModularDM.Hub.Local.Query;

/// <summary>
/// The page that a request asks for. Results have an order by a key of their own, and a page goes on behind the last key that was given: what comes or goes
/// between two pages moves no other result. The token names its query too, as another query's position means nothing.
/// </summary>
internal sealed class QueryPage
{
    private const int DefaultSize = 100;
    private const int MaxSize = 1000;
    private readonly string queryName;

    private QueryPage(string queryName, int size, string? after, int returned)
    {
        this.queryName = queryName;
        Size = size;
        After = after;
        Returned = returned;
    }

    public int Size { get; }

    /// <summary>The key of the last result that was given; <see langword="null"/> on the first page.</summary>
    public string? After { get; }

    /// <summary>How many results the pages before this one held.</summary>
    public int Returned { get; }

    /// <exception cref="HubRefusalException">A header is none of this hub's, or of another query.</exception>
    public static QueryPage Of(HttpContext context, string query)
    {
        IHeaderDictionary headers = context.Request.Headers;
        string name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(query)), 0, 6);
        int size = SizeOf(headers["x-ms-max-item-count"]);
        string? token = headers["x-ms-continuation"];
        if (string.IsNullOrEmpty(token))
        {
            return new QueryPage(name, size, null, 0);
        }

        byte[] bytes = new byte[token.Length];
        if (Convert.TryFromBase64String(token, bytes, out int length)
            && Encoding.UTF8.GetString(bytes, 0, length).Split('/', 3) is [var named, var count, var after]
            && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int returned))
        {
            return named == name
                ? new QueryPage(name, size, after, returned)
                : throw HubRefusalException.Invalid("'x-ms-continuation' is of another query; send it with the query that it came from.");
        }

        throw HubRefusalException.Invalid("'x-ms-continuation' is not one of this hub's.");
    }

    /// <summary>Cuts a page out of the results that follow <see cref="After"/>, and says in the answer's headers whether there is another.</summary>
    public List<T> Take<T>(HttpContext context, IEnumerable<T> results, Func<T, string> key, string itemType, int top = int.MaxValue)
    {
        int left = Math.Max(top - Returned, 0);
        List<T> page = [.. results.Take(left <= Size ? left : Size + 1)];
        if (page.Count > Size)
        {
            page.RemoveAt(Size);
            string next = string.Create(CultureInfo.InvariantCulture, $"{queryName}/{Returned + page.Count}/{key(page[^1])}");
            context.Response.Headers["x-ms-continuation"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(next));
        }

        context.Response.Headers["x-ms-item-type"] = itemType;
        return page;
    }

    public bool IsAhead(string key) => After is null || string.CompareOrdinal(key, After) > 0;

    private static int SizeOf(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return DefaultSize;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int size) && size is >= 1 or -1
            ? size == -1 ? DefaultSize : Math.Min(size, MaxSize)
            : throw HubRefusalException.Invalid("'x-ms-max-item-count' must be a positive whole number.");
    }
}
