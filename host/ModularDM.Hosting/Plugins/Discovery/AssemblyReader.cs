using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace ModularDM.Hosting.Plugins.Discovery;

/// <summary>Reads what an assembly exports and needs from its metadata. Nothing of it is loaded or run.</summary>
internal static class AssemblyReader
{
    private enum Kind
    {
        Section,
        Method,
        Part,
    }

    /// <exception cref="BadImageFormatException">It is not a .NET assembly.</exception>
    public static AssemblyFacts Read(string path)
    {
        using var pe = new PEReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1), PEStreamOptions.PrefetchMetadata);
        if (!pe.HasMetadata)
        {
            throw new BadImageFormatException("The file has no .NET metadata.");
        }

        MetadataReader metadata = pe.GetMetadataReader();
        if (!metadata.IsAssembly)
        {
            throw new BadImageFormatException("The file is a module, not an assembly.");
        }

        Dictionary<int, Kind> constructors = AttributeConstructors(metadata);
        var parts = new List<string>();
        List<ExportAttributeFacts> sections = [], methods = [];
        foreach (CustomAttributeHandle handle in metadata.CustomAttributes)
        {
            CustomAttribute attribute = metadata.GetCustomAttribute(handle);
            if (!constructors.TryGetValue(MetadataTokens.GetToken(attribute.Constructor), out Kind kind) || ExportedType(metadata, attribute.Parent) is not { } typeHandle)
            {
                continue;
            }

            TypeDefinition type = metadata.GetTypeDefinition(typeHandle);
            string typeName = FullName(metadata, type);
            if (!parts.Contains(typeName))
            {
                parts.Add(typeName);
            }

            if (kind != Kind.Part)
            {
                (string? name, IReadOnlyDictionary<string, object?> named) = AttributeReader.Read(metadata.GetBlobReader(attribute.Value));
                bool constructible = (type.Attributes & TypeAttributes.Abstract) == 0 && type.GetGenericParameters().Count == 0;
                (kind == Kind.Section ? sections : methods).Add(new ExportAttributeFacts(typeName, constructible, name, named));
            }
        }

        return new AssemblyFacts(parts, sections, methods, References(metadata));
    }

    private static List<(string, Version)> References(MetadataReader metadata)
    {
        var references = new List<(string, Version)>(metadata.AssemblyReferences.Count);
        foreach (AssemblyReferenceHandle handle in metadata.AssemblyReferences)
        {
            AssemblyReference reference = metadata.GetAssemblyReference(handle);
            references.Add((metadata.GetString(reference.Name), reference.Version));
        }

        return references;
    }

    // Attributes of strangers outnumber ours, so ours are told by the token of their constructor: one look-up each, no text. The token and not the handle, because
    // collections of other assemblies' structs cannot be compiled ahead of time, and compiling them at start is what discovery would mostly consist of.
    private static Dictionary<int, Kind> AttributeConstructors(MetadataReader metadata)
    {
        var constructors = new Dictionary<int, Kind>();
        foreach (MemberReferenceHandle handle in metadata.MemberReferences)
        {
            MemberReference member = metadata.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference || !metadata.StringComparer.Equals(member.Name, ".ctor"))
            {
                continue;
            }

            TypeReference type = metadata.GetTypeReference((TypeReferenceHandle)member.Parent);
            if (Is(metadata, type, "TwinSectionAttribute", "ModularDM.Contracts.Twin"))
            {
                constructors[MetadataTokens.GetToken(handle)] = Kind.Section;
            }
            else if (Is(metadata, type, "DirectMethodAttribute", "ModularDM.Contracts.Methods"))
            {
                constructors[MetadataTokens.GetToken(handle)] = Kind.Method;
            }
            else if (Is(metadata, type, "ExportAttribute", "System.Composition"))
            {
                constructors[MetadataTokens.GetToken(handle)] = Kind.Part;
            }
        }

        return constructors;
    }

    private static bool Is(MetadataReader metadata, TypeReference type, string name, string @namespace) =>
        metadata.StringComparer.Equals(type.Name, name) && metadata.StringComparer.Equals(type.Namespace, @namespace);

    // MEF exports classes, and properties of classes.
    private static TypeDefinitionHandle? ExportedType(MetadataReader metadata, EntityHandle parent) => parent.Kind switch
    {
        HandleKind.TypeDefinition => (TypeDefinitionHandle)parent,
        HandleKind.PropertyDefinition when metadata.GetPropertyDefinition((PropertyDefinitionHandle)parent).GetAccessors().Getter is { IsNil: false } getter =>
            metadata.GetMethodDefinition(getter).GetDeclaringType(),
        _ => null,
    };

    private static string FullName(MetadataReader metadata, TypeDefinition type)
    {
        string name = metadata.GetString(type.Name);
        if (type.IsNested)
        {
            return $"{FullName(metadata, metadata.GetTypeDefinition(type.GetDeclaringType()))}+{name}";
        }

        string @namespace = metadata.GetString(type.Namespace);
        return @namespace.Length == 0 ? name : $"{@namespace}.{name}";
    }
}
