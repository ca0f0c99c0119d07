using ModularDM.Contracts.Configurator;
using ModularDM.Contracts.Configurator.Wire;

namespace ModularDM.Configurator.Tests;

internal static class ResponseFrameAssert
{
    public static void Error(ResponseFrame response, long id, ConfiguratorErrorCode code, int? errCode = null)
    {
        Assert.Equal(id, response.Id);
        Assert.Null(response.Result);
        Assert.NotNull(response.Error);
        Assert.Equal(code, response.Error.Code);
        Assert.Equal(errCode, response.Error.ErrCode);
    }
}
