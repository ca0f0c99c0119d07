using System.Reflection;
using System.Runtime.CompilerServices;
using ModularDM.Contracts.Twin;

namespace ModularDM.Contracts.Testing;

/// <summary>Finds members whose default the JSON source generator would overwrite: <c>init</c>, not required, with an initialiser.</summary>
internal static class DefaultsCheck
{
    public static void Run(ITwinSection section)
    {
        if (DesiredTypeOf(section.GetType()) is not { } desired || desired.GetConstructor(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, []) is not { } create)
        {
            return;
        }

        object fresh = create.Invoke(null);
        string[] lost = [.. desired.GetProperties().Where(member => IsInitOnly(member) && LosesDefault(member, fresh)).Select(member => member.Name)];
        if (lost.Length > 0)
        {
            throw new ContractViolationException(
                $"{desired.Name}: the default of {string.Join(", ", lost)} is lost when the member is absent; declare it with 'set' instead of 'init'.");
        }
    }

    private static Type? DesiredTypeOf(Type? type)
    {
        for (; type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(TwinSection<>))
            {
                return type.GetGenericArguments()[0];
            }
        }

        return null;
    }

    private static bool IsInitOnly(PropertyInfo member) =>
        member.SetMethod is { } set
        && set.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit))
        && !member.IsDefined(typeof(RequiredMemberAttribute));

    // Does what the generated code does to an absent member; a getter that supplies the default itself survives it.
    private static bool LosesDefault(PropertyInfo member, object fresh)
    {
        object? before = member.GetValue(fresh);
        member.SetValue(fresh, null);
        return before is not null && (member.GetValue(fresh) is not { } after || (member.PropertyType.IsValueType && !before.Equals(after)));
    }
}
