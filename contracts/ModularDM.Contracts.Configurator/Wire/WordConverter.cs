using System.Text.Json.Serialization;

namespace ModularDM.Contracts.Configurator.Wire;

/// <summary>Reads and writes an enumeration by its words only. The converter it extends also takes numbers, and with them values that have no name.</summary>
/// <typeparam name="TEnum">The enumeration; its members carry <see cref="JsonStringEnumMemberNameAttribute"/>.</typeparam>
public sealed class WordConverter<TEnum>() : JsonStringEnumConverter<TEnum>(namingPolicy: null, allowIntegerValues: false)
    where TEnum : struct, Enum;
