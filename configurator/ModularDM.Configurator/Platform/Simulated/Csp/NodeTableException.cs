namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>A node table cannot be read. The message says where and what.</summary>
internal sealed class NodeTableException(string message, Exception? cause = null) : Exception(message, cause);
