using System.Collections.Immutable;

namespace Roost.Samples.Watchlist;

public sealed record Watch(string? Url, string Claim = "", int ChecksRequired = 1, double DelaySeconds = 0);

public sealed record WatchState(Watch Watch, ImmutableList<Observation> Seen);

/// <summary>Fetches an address again and again and reports whether a claim's text was found there each time.</summary>
public sealed class WatchlistEngine(PageProbe probe) : Engine<WatchState>
{
    public WatchlistEngine() : this(PageProbe.Default) { }

    public override string EngineId => "watchlist";

    protected override WatchState Init(WorkItem item) => new(item.PayloadAs<Watch>(), []);

    protected override async Task<Outcome> StepAsync(WatchState state, StepContext context)
    {
        Watch watch = state.Watch;
        if (WatchCheck.Problem(watch) is { } problem) return Fail(problem);

        Observation seen = await probe.ObserveAsync(watch.Url!, watch.Claim, context.Now, context.CancellationToken);
        state = state with { Seen = state.Seen.Add(seen) };
        if (state.Seen.Count < watch.ChecksRequired)
            return Continue(state, after: TimeSpan.FromSeconds(watch.DelaySeconds), step: "observe");

        context.AddArtifact("report.json", WatchReport.Of(state));
        return Done(state);
    }
}
