using System.Text.Json;

namespace ModularDM.Hub.Local.Query;

/// <summary>One of the things that a query goes over: a twin, or a job's row of a device.</summary>
internal interface IQueryItem
{
    /// <summary>Its place in the order in which pages are made; no two items have the same.</summary>
    string Key { get; }

    /// <summary>The value at a path; undefined when there is none.</summary>
    QueryValue Read(QueryPath path);

    /// <summary>Writes the whole item, as <c>SELECT *</c> shows it.</summary>
    void Write(Utf8JsonWriter json);
}
