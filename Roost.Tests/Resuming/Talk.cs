using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// An item that waits for signals, makes effects, throws once, asks, has children and joins them. It says all that each of its tries is told.
/// </summary>
internal sealed class Talk : Scenario
{
    public const string Id = "talks";

    private sealed class Talker(string path, Action<string> say) : Engine<int>
    {
        public override string EngineId => "talker";

        protected override async Task<int> InitAsync(WorkItem item, StepContext context)
        {
            Points.Reach("a first state is to be made");
            await CallAsync(context, "open", Effect.Repeat);
            return 0;
        }

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            Wake? wake = context.Wake;
            string[] mail = [.. context.TakeSignals(limit: 1).Select(signal => signal.Id!)];
            string woken = $"{wake?.Kind} {wake?.Signal?.Id} {wake?.Answer?.Value} {wake?.Children?.NewlyEnded}";
            string number = $"{context.Version} {context.Attempt} {context.Interruptions}";
            say($"tried {Id} {number} {state} <{woken}> [{string.Join(',', mail)}] {context.IdempotencyKey}");
            Points.Reach("a step begins");
            await CallAsync(context, "repeated", Effect.Repeat);
            if (state == 1)
            {
                await CallAsync(context, "asked", Effect.Ask);
                if (context.Attempt == 1) throw new InvalidOperationException("The first try fails.");
            }
            Points.Reach("a step returns");
            switch (state)
            {
                case 0:
                    return WaitFor("go", 1);
                case 1:
                    return Ask<string>(2, "Shall it go on?");
                case 2:
                    context.AddChildren(Enumerable.Range(0, 2).Select(n => new WorkItem("member", new { name = $"member-{n}" })));
                    return WaitForChildren(3);
                default:
                    await foreach (Child<string> child in context.ChildrenAsync<string>()) say($"joined {child.Data}");
                    return Done(4);
            }
        }

        private async Task CallAsync(StepContext context, string name, Effect interrupted)
        {
            string result = await context.OnceAsync(name, (key, _) =>
            {
                say($"called {Id} {name} {key}");
                string made = EffectVerb.Service.Call(path, key, name);
                Points.Reach("a call was made");
                return Task.FromResult(made);
            }, new() { Interrupted = interrupted });
            say($"has {Id} {name} {result.Split('-')[0]}");
            Points.Reach("a result is there");
        }
    }

    private sealed class Member(Action<string> say) : Engine<string>
    {
        public override string EngineId => "member";

        protected override string Init(WorkItem item) => item.Payload.GetProperty("name").GetString()!;

        protected override Task<Outcome> StepAsync(string state, StepContext context)
        {
            say($"tried {state} {context.Version} {context.Attempt} {context.Interruptions}");
            Points.Reach("a child's step begins");
            return Task.FromResult(context.Version == 2 ? Done(state) : Continue(state));
        }
    }

    public override RoostRuntime Open(string path, Action<string> say) =>
        new RoostRuntime(Options(path)).AddEngine(new Talker(path, say)).AddEngine(new Member(say));

    public override async Task ActAsync(RoostRuntime roost, Action<string> say)
    {
        await roost.EnqueueAsync(new WorkItem("talker") { Id = Id, IdempotencyKey = Id });
        foreach (string signal in (string[])["first", "second", "third"])
        {
            if (roost.StateOf(Id).IsEnded()) break;
            await roost.SignalAsync(Id, signal == "third" ? "other" : "go", signal, signalId: signal);
            Points.Reach("the host has signalled");
        }
        do
        {
            await roost.RunUntilIdleAsync();
            foreach (AskInfo ask in (await roost.ListAsksAsync()).Items.Where(ask => ask.Effect is null)) await roost.AnswerAsync(ask.Id, "yes", "ann");
            await EffectVerb.AnswerOnceAsync(roost, roost.Path);
            Points.Reach("the host has answered");
        }
        while (roost.Items().Exists(item => !item.State.IsEnded()));
        foreach (WorkSummary item in roost.Items().OrderBy(item => item.CreatedAt))
        {
            string name = item.Id == Id ? Id : roost.StatesOf(item.Id)[^1];
            say($"events {name} {string.Join(',', roost.EventsOf(item.Id).Where(kind => kind is not (EventKinds.Claimed or EventKinds.Released)))}");
            say($"ended {name} {item.State} {item.Version} {string.Join(' ', roost.StatesOf(item.Id))}");
        }
    }
}
