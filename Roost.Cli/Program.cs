using Roost.Cli.Console;

return await ConsoleServer.RunAsync(new ConsoleOptions { Path = args.Length > 0 ? args[0] : "roost.db", ReadOnly = args.Contains("--read-only"), Reveal = args.Contains("--reveal") }, CancellationToken.None);
