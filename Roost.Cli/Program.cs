using Roost.Cli;

return await RoostCommand.RunAsync(args);
