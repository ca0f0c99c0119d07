using System.Composition;

namespace ModularDM.Contracts.Methods;

/// <summary>Exports a class as a direct method. Discovery reads it from the assembly's metadata without loading code, so every argument is a constant.</summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
[MetadataAttribute]
public sealed class DirectMethodAttribute : ExportAttribute
{
    /// <summary>The longest a method may take: IoT Hub's own default waits 30 seconds for the answer.</summary>
    public const int MaxTimeoutSeconds = 300;

    /// <summary>Answers <paramref name="name"/>.</summary>
    /// <param name="name"><c>vendor.method</c>. A name without a dot belongs to the core vendor and is accepted from the core plugin folder only.</param>
    public DirectMethodAttribute(string name)
        : base(typeof(IDirectMethod)) => Name = name;

    /// <summary>The method's name as written.</summary>
    public string Name { get; }

    /// <summary>
    /// The section in which the method reports what becomes of its long work (<c>rebootCmd</c> for <c>rebootAsync</c>); null if it reports nothing. The plugin owns it.
    /// </summary>
    public string? Reports { get; set; }

    /// <summary>Seconds that the call may take. Long work answers at once with <see cref="MethodResult.Accepted"/> instead.</summary>
    /// <value>The default is 25, below the hub's 30.</value>
    public int TimeoutSeconds { get; set; } = 25;

    /// <summary>Seconds that long work begun with <see cref="MethodResult.Accepted"/> may take.</summary>
    /// <value>The default is 300.</value>
    public int WorkTimeoutSeconds { get; set; } = 300;
}
