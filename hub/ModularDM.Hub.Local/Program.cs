using System.CommandLine;
using ModularDM.Hub.Local.CommandLine;

return await HubCommand.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(5) });
