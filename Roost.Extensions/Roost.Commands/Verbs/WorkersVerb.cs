using System.Globalization;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>The workers that run, and those that died with work in their hands.</summary>
internal sealed class WorkersVerb : Verb
{
    public WorkersVerb() : base("workers", "Show the workers and what they serve.") => Take(CommonOptions.Json, CommonOptions.Watch);

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        return await call.ShowAsync(async () =>
        {
            IReadOnlyList<WorkerInfo> workers = await roost.ListWorkersAsync(call.Stop);
            return new(new { Items = workers }, print => print.Table(
                ["worker", "process", "machine", "alive", "started", "heartbeat", "running", "engines", "queues"],
                workers.Select(each => new[]
                {
                    each.Id, each.ProcessId.ToString(CultureInfo.InvariantCulture), each.Machine, Alive(each, print), print.Time(each.StartedAt),
                    print.IsTerminal && each is { IsAlive: true, Running: 0 } ? "idle" : print.Time(each.HeartbeatAt),
                    string.Create(CultureInfo.InvariantCulture, $"{each.Running}/{each.Concurrency}"),
                    string.Join(",", each.Engines.Select(engine => engine.EngineId)), string.Join(",", each.Queues),
                }),
                "No worker runs."));
        });
    }

    private static string Alive(WorkerInfo worker, Printer print)
    {
        if (!worker.IsAlive) return "dead";
        return worker.ClaimsAgainAt is { } again ? $"alive, the clock was set: claims again {print.TimeAhead(again)}" : "alive";
    }
}
