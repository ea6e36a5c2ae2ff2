using Roost.Observing;

namespace Roost.Stores;

/// <summary>A runtime's file for the gauges, which ask for it now and then.</summary>
internal sealed class ObservedStore(string path, Store store) : ObservedFile(path)
{
    private static readonly (string Condition, Func<StateCounts, long> Of)[] Conditions =
    [
        ("ready", static counts => counts.Ready), ("delayed", static counts => counts.Delayed), ("blocked", static counts => counts.Blocked),
        ("running", static counts => counts.Running), ("waiting", static counts => counts.Waiting), ("failed", static counts => counts.Failed),
    ];

    public override IReadOnlyList<(string Engine, string Condition, long Items)> CountItems() =>
    [
        .. from line in store.Reads.Counts().Queues
           group line.Counts by line.Engine into lines
           let sum = lines.Aggregate(StateCounts.None, static (sum, counts) => sum.Plus(counts))
           from condition in Conditions
           select (lines.Key, condition.Condition, condition.Of(sum)),
    ];

    public override long LogSize() => store.LogSize;
}
