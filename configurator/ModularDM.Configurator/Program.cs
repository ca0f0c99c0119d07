return await ModularDM.Configurator.CommandLine.Cli.RunAsync(args, Console.Out, Console.Error);
