using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// One item with mail and an effect, which gives up: it is retried, retried afresh, retried from another state, with which it is done, and then run again as
/// another item, which gives up as well.
/// </summary>
internal sealed class Retries : Scenario
{
    public const string Item = "first";

    public const string Mail = "note-0,note-1";

    public sealed record Tried(int Count, bool IsMended);

    private sealed class Retrier(Action<string> say) : Engine<Tried>
    {
        public override string EngineId => "retrier";

        protected override Tried Init(WorkItem item) => new(0, false);

        protected override async Task<Outcome> StepAsync(Tried state, StepContext context)
        {
            string id = context.Item.Id;
            string mail = context.Version == 1 ? "" : string.Join(',', context.TakeSignals().Select(signal => signal.PayloadAs<string>()));
            say($"tried {id} {context.Version} {context.Attempt} {state.Count} {state.IsMended} [{mail}]");
            Points.Reach("a step begins");
            if (context.Version == 1) return Continue(state with { Count = 1 });
            string paid = await context.OnceAsync("pay", (key, _) =>
            {
                say($"paid {id} {context.Version} {key}");
                Points.Reach("a call was made");
                return Task.FromResult(key);
            });
            say($"has {id} {context.Version} {paid}");
            Points.Reach("a result is there");
            return state.IsMended ? Done(state) : Fail("It is not mended.");
        }
    }

    public override RoostRuntime Open(string path, Action<string> say) => new RoostRuntime(Options(path)).AddEngine(new Retrier(say));

    public override async Task ActAsync(RoostRuntime roost, Action<string> say)
    {
        await roost.EnqueueAsync(new WorkItem("retrier") { Id = Item, IdempotencyKey = Item });
        Points.Reach("the host has enqueued");
        foreach (string note in Mail.Split(','))
        {
            if (roost.StateOf(Item) == WorkState.Done) break; // It takes no mail any more, and has had this.
            await roost.SignalAsync(Item, "note", note, signalId: note);
            Points.Reach("the host has signalled");
        }
        while (true)
        {
            await roost.RunUntilIdleAsync();
            List<WorkSummary> items = roost.Items();
            if (items.Find(item => item.Id == Item)!.State == WorkState.Failed) await RetryAsync(roost);
            else if (items.Count == 1) await roost.RunAgainAsync(Item);
            else if (items.TrueForAll(item => item.State.IsEnded())) break;
            Points.Reach("the host has done what the item needs");
        }
    }

    /// <summary>What comes next is what has not been done yet, which the file knows.</summary>
    private static Task RetryAsync(RoostRuntime roost) => roost.EventsOf(Item).Count(kind => kind == EventKinds.Retried) switch
    {
        0 => roost.RetryAsync(Item),
        1 => roost.RetryFreshAsync(Item),
        _ => roost.RetryAsync(Item, JsonEdit.From(new Tried(7, true))),
    };
}
