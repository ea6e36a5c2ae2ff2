using System.Text.Json;
using System.Text.Json.Serialization;

namespace Roost.Tests.Support;

/// <summary>
/// A program that is published with <c>JsonSerializerIsReflectionEnabledByDefault=false</c>: it brings generated metadata and settings of its own.
/// </summary>
internal static partial class NoReflection
{
    internal sealed record Job(int Target);

    internal sealed record Tally(int Count, int Target);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(Job))]
    [JsonSerializable(typeof(Tally))]
    internal sealed partial class JobContext : JsonSerializerContext;

    private sealed class TallyEngine() : Engine<Tally>(JobContext.Default.Tally)
    {
        public override string EngineId => "tally";

        protected override Tally Init(WorkItem item) => new(0, item.PayloadAs<Job>().Target);

        protected override Task<Outcome> StepAsync(Tally state, StepContext context)
        {
            state = state with { Count = state.Count + 1 };
            context.AddEvent("counted", new Job(state.Count));
            context.AddArtifact($"{state.Count}.json", state);
            return Task.FromResult(state.Count == state.Target ? Done(state) : Continue(state));
        }
    }

    public static async Task<int> RunAsync(string path)
    {
        AppContext.SetSwitch("System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault", false);
        ChildProgram.Say($"reflection {JsonSerializer.IsReflectionEnabledByDefault}");
        await RunAsync(
            new RoostOptions
            {
                Path = path,
                Json = new JsonSerializerOptions { TypeInfoResolver = JobContext.Default, PropertyNamingPolicy = JsonNamingPolicy.CamelCase },
                Triggers =
                [
                    new Trigger("tally", "after")
                    {
                        If = "snapshot.data.count",
                        Fields = new Dictionary<string, string> { ["n"] = "snapshot.data.count" },
                    },
                ],
            }
        );

        // With settings of nobody, JSON itself still goes through, and what has no metadata is refused and not thrown from afar.
        await using RoostRuntime plain = new RoostRuntime(path).AddEngine(new TallyEngine());
        string id = await plain.EnqueueAsync(WorkItem.FromJson("raw", """{"a":1}"""));
        ChildProgram.Say($"json {(await plain.GetAsync(id)).Payload.GetRawText()}");
        try
        {
            await plain.EnqueueAsync(new WorkItem("raw", new Job(1)));
        }
        catch (InvalidInputException e)
        {
            ChildProgram.Say($"refused {e.Field}");
        }
        return 0;
    }

    private static async Task RunAsync(RoostOptions options)
    {
        await using RoostRuntime roost = new RoostRuntime(options).AddEngine(new TallyEngine());
        string id = await roost.EnqueueAsync(new WorkItem("tally", new Job(3)));
        await roost.RunUntilIdleAsync();
        WorkDetail item = await roost.GetAsync(id);
        ChildProgram.Say(
            $"{item.Summary.State} {item.LastFailure?.Message}{item.Snapshot?.DataAs<Tally>()} {item.Children.Values.Sum()} " +
            $"{(await roost.ListAsync(new() { State = WorkState.Queued })).Items.Count} {(await roost.ListWorkersAsync()).Count} " +
            $"{(await roost.ListEventsAsync(id)).Items.Count(one => one.Kind == "engine.counted")}"
        );
    }
}
