using System.Text.Json;
using System.Text.Json.Serialization;
using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// Two items and a child of one: steps that stage all kinds of things, one that throws once, one that gives up, and an engine that is told of that.
/// </summary>
internal sealed class Walk : Scenario
{
    public const string Walks = "walks", GivesUp = "gives-up", Child = "child";

    private const int Steps = 3;

    /// <summary>After that the death of who was telling an engine of an end is taken for one.</summary>
    private static readonly TimeSpan Telling = TimeSpan.FromSeconds(2);

    /// <summary>How far it is, and a value that is written and read by code of its own.</summary>
    public sealed record Walked(int Steps, Mark Mark);

    [JsonConverter(typeof(MarkConverter))]
    public readonly record struct Mark(int Number);

    private sealed class MarkConverter : JsonConverter<Mark>
    {
        public override Mark Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            Points.Reach("a state is read");
            return new(reader.GetInt32());
        }

        public override void Write(Utf8JsonWriter writer, Mark value, JsonSerializerOptions options)
        {
            Points.Reach("a state is written");
            writer.WriteNumberValue(value.Number);
        }
    }

    private sealed class Walker(Action<string> say) : Engine<Walked>
    {
        public override string EngineId => "walker";

        protected override async Task<Walked> InitAsync(WorkItem item, StepContext context)
        {
            say($"ran {item.Id} 0");
            Points.Reach("a first state is to be made");
            await Task.Yield();
            Points.Reach("a first state is made");
            return new(0, default);
        }

        protected override async Task<Outcome> StepAsync(Walked state, StepContext context)
        {
            string id = context.Item.Id;
            say($"ran {id} {context.Version}");
            Points.Reach("a step begins");
            context.AddEvent("walked", new { state.Steps });
            context.AddArtifactText($"step-{context.Version}.txt", id);
            if (id == Walks && context.Version == 2)
            {
                context.AddChild(new WorkItem("walker") { Id = Child });
                if (context.Attempt == 1) throw new InvalidOperationException("The first try fails.");
            }
            Points.Reach("a step has staged");
            await Task.Yield();
            if (id == GivesUp && context.Version == 2) return Fail("As it was told.");
            state = new(state.Steps + 1, new(state.Steps));
            Points.Reach("a step returns");
            return context.Version == Steps || id == Child ? Done(state) : Continue(state);
        }

        protected override RetryDecision Retry(Exception exception, int attempt)
        {
            Points.Reach("a failed try is judged");
            return base.Retry(exception, attempt);
        }

        protected override async Task OnEndedAsync(Walked? state, EndContext context)
        {
            say($"told {context.Item.Id} {context.State}");
            Points.Reach("an engine is told of an end");
            await Task.Yield();
            Points.Reach("an engine was told of an end");
        }
    }

    public override RoostRuntime Open(string path, Action<string> say) =>
        new RoostRuntime(Options(path) with { EndedTimeout = Telling, StepTimeoutGrace = TimeSpan.Zero }).AddEngine(new Walker(say));

    public override async Task ActAsync(RoostRuntime roost, Action<string> say)
    {
        foreach (string id in (string[])[Walks, GivesUp])
        {
            await roost.EnqueueAsync(new WorkItem("walker") { Id = id, IdempotencyKey = id });
            say($"enqueued {id}");
            Points.Reach("the host has enqueued");
        }
        await RunUntilEndedAsync(roost);
        while (!roost.EventsOf(GivesUp).Contains(EventKinds.EndTold))
        {
            await Task.Delay(10); // Until it is told again.
            await roost.RunUntilIdleAsync();
        }
    }
}
