using ModularDM.Contracts;
using ModularDM.Contracts.Twin;

namespace Contoso;

internal sealed class NoExportsSection
{
    public static ApplyResult Result => ApplyResult.Completed;
}
