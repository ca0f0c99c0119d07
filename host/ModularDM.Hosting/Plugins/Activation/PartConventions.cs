using System.Composition;
using System.Composition.Convention;
using System.Reflection;

namespace ModularDM.Hosting.Plugins.Activation;

/// <summary>
/// What MEF sees on a plugin's classes: the attributes that stand there, one instance of each class, the constructor that was chosen, and a name of its own for each class.
/// </summary>
/// <remarks>Not MEF's own <c>ConventionBuilder</c>: on a class that has an export attribute it leaves its own exports out.</remarks>
internal sealed class PartConventions(IReadOnlyDictionary<Type, ConstructorInfo> constructors) : AttributedModelProvider
{
    /// <summary>Under this name each class can be asked for alone, so that a failure names it.</summary>
    public const string PartContract = "modulardm.part";

    public override IEnumerable<Attribute> GetCustomAttributes(Type reflectedType, MemberInfo member)
    {
        Attribute[] declared = Attribute.GetCustomAttributes(member, inherit: false);
        return member switch
        {
            Type type when constructors.ContainsKey(type) => [
                .. declared,
                new ExportAttribute(PartContract, type),
                .. declared.OfType<SharedAttribute>().Any() ? Enumerable.Empty<Attribute>() : [new SharedAttribute()]],
            ConstructorInfo constructor => constructors.ContainsKey(reflectedType) && constructors[reflectedType].Equals(constructor)
                ? [.. declared.Where(a => a is not ImportingConstructorAttribute), new ImportingConstructorAttribute()]
                : declared.Where(a => a is not ImportingConstructorAttribute),
            _ => declared,
        };
    }

    public override IEnumerable<Attribute> GetCustomAttributes(Type reflectedType, ParameterInfo parameter)
    {
        Attribute[] declared = Attribute.GetCustomAttributes(parameter, inherit: false);
        bool optional = parameter.HasDefaultValue && !declared.Any(a => a is ImportAttribute or ImportManyAttribute);
        return optional ? [.. declared, new ImportAttribute { AllowDefault = true }] : declared;
    }
}
