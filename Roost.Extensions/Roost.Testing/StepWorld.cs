using System.Globalization;

namespace Roost.Testing;

/// <summary>Puts into the file of a step that is run alone what it reads beside its state: mailbox, children, earlier artifacts.</summary>
internal static class StepWorld
{
    private static readonly TimeSpan Never = TimeSpan.FromDays(3650);

    public static async Task BuildAsync(RoostTest test, WorkItem item, StepSetup setup)
    {
        if (setup.Signals.Count == 0 && setup.Children.Count == 0 && setup.Artifacts.Count == 0) return;
        var parent = new WorkItem(item.Engine, item.Payload) { Id = item.Id };
        var children = setup.Children.Select((child, i) => child with { Id = child.Id ?? $"child-{(i + 1).ToString(CultureInfo.InvariantCulture)}" }).ToList();
        foreach (string id in children.Select(child => child.Engine).Append(item.Engine).Distinct(StringComparer.Ordinal))
            test.Runtime.AddEngine(new StandIn(id, parent.Id, setup.Artifacts, children));
        await test.Runtime.EnqueueAsync(parent);
        await test.Runtime.EnqueueAsync(children.Select(child => new WorkItem(child.Engine)
        {
            Id = child.Id!,
            ParentId = parent.Id,
            IdempotencyKey = child.IdempotencyKey,
            Delay = child.State == WorkState.Queued ? Never : null,
        }));
        await test.Runtime.RunUntilIdleAsync();
        foreach (SentSignal signal in setup.Signals) await test.Runtime.SignalAsync(parent.Id, signal.Name, signal.Payload);
    }

    /// <summary>Ends children as they are to have ended, and has the parent rest behind its artifacts.</summary>
    private sealed class StandIn(string id, string parent, IReadOnlyDictionary<string, string> artifacts, IReadOnlyList<GivenChild> children) : IEngine
    {
        public string EngineId => id;

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context)
        {
            if (item.Id != parent) return Task.FromResult(Snapshot.First(item, DataOf(children.First(child => child.Id == item.Id))));
            foreach ((string name, string text) in artifacts) context.AddArtifactText(name, text);
            return Task.FromResult(Snapshot.First(item, new { }));
        }

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context)
        {
            if (item.Id == parent) return Task.FromResult(Outcome.Continue(snapshot.Next(snapshot.Data), Never));
            GivenChild child = children.First(child => child.Id == item.Id);
            return Task.FromResult(child.State switch
            {
                WorkState.Done => Outcome.Done(snapshot.Next(DataOf(child))),
                WorkState.Failed => Outcome.Fail(child.Error, snapshot.Next(DataOf(child))),
                _ => throw new InvalidInputException(nameof(child.State), $"of {child.Id} is {child.State}; it must be Done, Failed or Queued."),
            });
        }

        private static object DataOf(GivenChild child) => child.Data ?? new { };
    }
}
