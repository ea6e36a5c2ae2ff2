using Roost;
using Worker;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddRoost(builder.Configuration.GetSection("Roost")).AddEngine<BriefingEngine>();
using IHost host = builder.Build();
await host.StartAsync();

// Enqueued once, however often this program is started: the key finds the item that there is.
RoostRuntime roost = host.Services.GetRequiredService<RoostRuntime>();
await roost.EnqueueAsync(new WorkItem("briefing", new Briefing(["tides", "moths", "salt"], [])) { IdempotencyKey = "briefing-1" });
await host.WaitForShutdownAsync();
