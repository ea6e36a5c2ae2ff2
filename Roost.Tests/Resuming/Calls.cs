using System.Collections.Immutable;
using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// One item that collects signals, one that asks a question, and one that asks about an effect: many callers, of two processes, all signal and answer them at
/// once, and both processes work.
/// </summary>
internal sealed class Calls : Scenario
{
    public const int Callers = 64;

    public const string Collector = "collects", Asker = "asks", Payer = "pays", Shared = "shared";

    private sealed class Collecting(Action<string> say) : Engine<ImmutableList<string>>
    {
        public override string EngineId => "collecting";

        protected override ImmutableList<string> Init(WorkItem item) => [];

        protected override async Task<Outcome> StepAsync(ImmutableList<string> state, StepContext context)
        {
            say($"collects {context.Version}");
            Points.Reach("a step takes signals");
            if (context.Wake?.Signal is { } first) state = state.Add(first.PayloadAs<string>());
            state = state.AddRange(context.TakeSignals("add", 10).Select(signal => signal.PayloadAs<string>()));
            await Task.Yield();
            Points.Reach("a step has taken signals");
            return state.Count > Callers ? Done(state) : WaitFor("add", state);
        }
    }

    private sealed class Asking : Engine<string>
    {
        public override string EngineId => "asking";

        protected override string Init(WorkItem item) => "";

        protected override Task<Outcome> StepAsync(string state, StepContext context)
        {
            Points.Reach("a step has its answer");
            return Task.FromResult(context.Wake?.Answer is { } answer ? Done(answer.As<string>()) : Ask<string>(state, "Who?"));
        }
    }

    /// <summary>Its first try is stopped within the call, after which nobody knows of it.</summary>
    private sealed class Paying : Engine<string>
    {
        public override string EngineId => "paying";

        public override TimeSpan? StepTimeout => TimeSpan.FromMilliseconds(50);

        protected override string Init(WorkItem item) => "";

        protected override async Task<Outcome> StepAsync(string state, StepContext context)
        {
            string result = await context.OnceAsync("pay", async token =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return "";
            }, new() { Interrupted = Effect.Ask });
            Points.Reach("a step has been told of its effect");
            return Done(result);
        }
    }

    public override RoostRuntime Open(string path, Action<string> say) =>
        new RoostRuntime(Options(path) with { Concurrency = 4 }).AddEngine(new Collecting(say)).AddEngine(new Asking()).AddEngine(new Paying());

    /// <summary>Everything waits.</summary>
    public override async Task PrepareAsync(string path)
    {
        await using RoostRuntime roost = Open(path, _ => { });
        await roost.EnqueueAsync(
            [new WorkItem("collecting") { Id = Collector }, new WorkItem("asking") { Id = Asker }, new WorkItem("paying") { Id = Payer }]);
        do
            await roost.RunUntilIdleAsync();
        while (roost.Items().Exists(item => item.State != WorkState.Waiting));
    }

    /// <summary>What the process does that is killed: half of the callers.</summary>
    public override async Task ActAsync(RoostRuntime roost, Action<string> say)
    {
        say("open");
        await CallAsync(roost, Enumerable.Range(0, Callers / 2), say);
        await RunUntilEndedAsync(roost);
    }

    /// <summary>All of them at once, while this process works.</summary>
    public static async Task CallAsync(RoostRuntime roost, IEnumerable<int> callers, Action<string> say)
    {
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        string ask = (await roost.ListAsksAsync(new() { WorkId = Asker })).Items.Single().Id;
        string effect = (await roost.ListAsksAsync(new() { WorkId = Payer })).Items.Single().Id;
        await Task.WhenAll(callers.Select(caller => Task.Run(() => CallAsync(roost, caller, ask, effect, say))));
        await stop.CancelAsync();
        await loop;
    }

    private static async Task CallAsync(RoostRuntime roost, int caller, string ask, string effect, Action<string> say)
    {
        await SignalAsync(Shared, Shared);
        await AnswerAsync("answer", ask, $"answer-{caller}");
        await SignalAsync("own", $"own-{caller}");
        await AnswerAsync("effect", effect, new { outcome = "happened", result = $"answer-{caller}" });
        EnqueueResult item = await roost.EnqueueAsync(new WorkItem("nobody's") { IdempotencyKey = "one" });
        say($"enqueued {item.Created} {item.Id}");
        Points.Reach("a caller has enqueued");

        async Task SignalAsync(string kind, string id)
        {
            try
            {
                say($"{kind} {(await roost.SignalAsync(Collector, "add", id, signalId: id)).Created} {id}");
            }
            catch (ConflictException)
            {
                say($"{kind} late {id}"); // It has ended, so it had this one.
            }
            Points.Reach("a caller has signalled");
        }

        async Task AnswerAsync(string kind, string to, object value)
        {
            try
            {
                say($"{kind} {(await roost.AnswerAsync(to, value, $"caller-{caller}")).Created} caller-{caller}");
            }
            catch (AskClosedException e)
            {
                say($"{kind} told {e.Ask.Answer!.By}");
            }
            Points.Reach("a caller has answered");
        }
    }
}
