using Microsoft.AspNetCore.Http;

namespace ModularDM.Hub.Local.Rest;

/// <summary>Stands before operations of the REST API, after their token was checked.</summary>
internal interface IRequestGuard
{
    /// <summary>Wraps an operation; called once for each, when it is added.</summary>
    /// <param name="verb">The HTTP method.</param>
    /// <param name="pattern">The path.</param>
    /// <param name="handler">The operation, or what another guard made of it.</param>
    Func<HttpContext, Task> Guard(string verb, string pattern, Func<HttpContext, Task> handler);
}
