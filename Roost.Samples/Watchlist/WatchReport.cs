namespace Roost.Samples.Watchlist;

/// <summary>What a watch has found out. An observation that did not reach the address says nothing about the claim.</summary>
public enum Verdict
{
    /// <summary>The claim was found whenever the address was reached.</summary>
    Holds,

    /// <summary>The claim was never found, and the address was reached.</summary>
    DoesNotHold,

    /// <summary>The claim was found at some times and not at others.</summary>
    Mixed,

    /// <summary>The address was never reached.</summary>
    Unreachable,
}

/// <summary>The content of the artifact <c>report.json</c>.</summary>
public sealed record WatchReport(
    string Url, string Claim, Verdict Verdict, int Checks, int Found, int NotFound, int NotReached, IReadOnlyList<Observation> Observations)
{
    /// <summary>Sums up what was seen.</summary>
    public static WatchReport Of(WatchState state)
    {
        int reached = state.Seen.Count(seen => seen.IsReached);
        int found = state.Seen.Count(seen => seen.ClaimFound);
        Verdict verdict = reached == 0 ? Verdict.Unreachable
            : found == reached ? Verdict.Holds
            : found == 0 ? Verdict.DoesNotHold
            : Verdict.Mixed;
        return new(state.Watch.Url!, state.Watch.Claim, verdict, state.Seen.Count, found, reached - found, state.Seen.Count - reached, state.Seen);
    }
}
