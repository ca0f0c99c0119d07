using ModularDM.Contracts;

namespace ModularDM.Hosting.Plugins.Calls;

/// <summary>What came of calling a plugin: its value, or why there is none.</summary>
internal readonly record struct PluginAnswer<T>(T? Value, SectionError? Error, bool IsOutOfTime = false);
