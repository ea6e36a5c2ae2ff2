namespace Roost.AspNetCore;

/// <summary>
/// One try of a step: how long the item was queued before it, how long it ran, and in which worker. Or a wait for a signal or a time, which is none.
/// </summary>
public sealed record TimelineRow(string Label, string Outcome, DateTimeOffset From, TimeSpan Waited, TimeSpan? Ran, string? Worker, string? Detail)
{
    /// <summary>The parts of the item's life that it is made of.</summary>
    public IReadOnlyList<LifeSegment> Segments { get; init; } = [];

    /// <summary>What was recorded of effects within the try, in the order in which they began.</summary>
    public IReadOnlyList<EffectInfo> Effects { get; init; } = [];

    /// <summary>When it ended.</summary>
    public DateTimeOffset To => From + Waited + (Ran ?? TimeSpan.Zero);
}

/// <summary>An item's life as a table: a row for each try and each wait.</summary>
internal static class Timeline
{
    /// <summary>The outcome of a row that is a wait.</summary>
    public const string Wait = "waiting";

    /// <param name="life">What the item did.</param>
    /// <param name="effects">What its steps have recorded of their effects.</param>
    public static IReadOnlyList<TimelineRow> Of(IReadOnlyList<LifeSegment> life, IReadOnlyList<EffectInfo> effects) =>
        effects.Count == 0 ? Of(life) : [.. Of(life).Select(row => row with { Effects = Within(row, effects) })];

    public static IReadOnlyList<TimelineRow> Of(IReadOnlyList<LifeSegment> life)
    {
        var rows = new List<TimelineRow>();
        var queued = new List<LifeSegment>();
        foreach (LifeSegment one in life)
        {
            switch (one.Kind)
            {
                case LifeKind.Waiting:
                    rows.Add(new(one.IsOpen ? "waiting" : "waited", Wait, one.From, one.Length, null, null, one.Detail) { Segments = [one] });
                    break;
                case LifeKind.Running:
                    rows.Add(RowOf([.. queued, one], one.End ?? "ran", one.Outcome ?? "released", one.Length, one));
                    queued.Clear();
                    break;
                case LifeKind.Unknown or LifeKind.DeadLetter:
                    if (one is { Kind: LifeKind.Unknown, End: { } last }) rows.Add(new(last, one.Outcome!, one.To, TimeSpan.Zero, null, null, one.Detail));
                    break;
                default:
                    queued.Add(one);
                    if (one.End is null) break;
                    rows.Add(RowOf([.. queued], one.End, one.Outcome!, null, one));
                    queued.Clear();
                    break;
            }
        }
        if (queued.Count > 0) rows.Add(RowOf(queued, "queued", "wait", null, queued[^1]));
        return rows;
    }

    /// <summary>Those that began while the try ran.</summary>
    private static EffectInfo[] Within(TimelineRow row, IReadOnlyList<EffectInfo> effects) =>
        row.Segments.FirstOrDefault(one => one.Kind == LifeKind.Running) is { } ran
            ? [.. effects.Where(effect => effect.BegunAt >= ran.From && (effect.BegunAt < ran.To || ran.IsOpen || ran.From == effect.BegunAt))
                .OrderBy(effect => effect.BegunAt)]
            : [];

    private static TimelineRow RowOf(List<LifeSegment> parts, string label, string outcome, TimeSpan? ran, LifeSegment last)
    {
        TimeSpan waited = last.To - parts[0].From - (ran ?? TimeSpan.Zero);
        return new(label, outcome, parts[0].From, waited, ran, last.Worker, last.Detail) { Segments = parts };
    }
}
