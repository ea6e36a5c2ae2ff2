using Roost.Commands;
using Roost.Samples.Demo;
using Roost.Samples.Watchlist;

return await RoostCommand.RunAsync(args, roost => roost.AddEngine(new DemoEngine()).AddEngine(new WatchlistEngine()));
