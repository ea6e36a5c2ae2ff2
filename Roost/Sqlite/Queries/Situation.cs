using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>What decides where a work item stands.</summary>
internal sealed record Situation
{
    private const int MaxMessage = 200;
    private const int MaxNames = 5;

    public required WorkSummary Item { get; init; }
    public required int StateVersion { get; init; }
    public required bool IsCopy { get; init; }
    public required DateTimeOffset Now { get; init; }
    public required IReadOnlyList<WorkerInfo> Workers { get; init; }
    public Lease? Lease { get; init; }
    public DateTimeOffset? ReadySince { get; init; }
    public DateTimeOffset? DueAt { get; init; }
    public string? BlockedOn { get; init; }
    public string? HolderId { get; init; }
    public string? HolderWorkerId { get; init; }
    public WaitInfo? Wait { get; init; }

    /// <summary>How many children it has that have not ended and are not detached.</summary>
    public long OpenChildren { get; init; }

    public bool RunsAlone { get; init; }

    /// <summary>Its own first.</summary>
    public IReadOnlyList<PauseInfo> Pauses { get; init; } = [];
    public int Failures { get; init; }
    public int Interruptions { get; init; }
    public int RetryAfters { get; init; }
    public string? RetryWhy { get; init; }
    public bool CancelRequested { get; init; }
    public string? CancelReason { get; init; }

    /// <summary>As a sentence, and without the state's name where that begins it.</summary>
    public (string Sentence, string? Why) InWords() => Item.State switch
    {
        WorkState.Done => AfterState(" ", $"since {StoredTime.InWords(Item.EndedAt!.Value)}"),
        WorkState.Failed => Whole($"dead letter: {Item.FailReason}: {Cut(Item.Error)}"),
        WorkState.Cancelled => AfterState(": ", CancelReason),
        _ when IsCopy => Whole("this file is a backup copy and runs nothing"),
        WorkState.Running => Running(),
        WorkState.Waiting when Pauses.Count == 0 => Waiting(),
        WorkState.Waiting => Whole($"{Paused()}; {Waiting().Sentence}"),
        _ when Pauses.Count > 0 => Whole($"{Paused()}; {Queued()}"),
        _ => Whole(Queued()),
    };

    private string Paused() => string.Join("; ", Pauses.Select(PauseQueries.InWords));

    private (string Sentence, string? Why) AfterState(string between, string? why) =>
        (why is null ? Item.State.Name() : Item.State.Name() + between + why, why);

    private static (string Sentence, string? Why) Whole(string sentence) => (sentence, sentence);

    private (string Sentence, string? Why) Running()
    {
        if (Lease is null) return AfterState(" ", null);
        string cancel = (CancelRequested ? "; it was asked to cancel" : "") + (Pauses.Count > 0 ? $"; after this step {Paused()}" : "");
        return Workers.Any(worker => worker.Id == Lease.WorkerId && worker.IsAlive)
            ? AfterState(" ", $"on worker {Lease.WorkerId} since {StoredTime.InWords(Lease.ClaimedAt)}{cancel}")
            : Whole($"was running on worker {Lease.WorkerId}, which has died; the next worker that runs takes it over{cancel}");
    }

    private string Queued()
    {
        var served = new ServedLanes(Workers);
        string? unserved = served.WhyUnserved(Item.Engine, Item.Queue, StateVersion);
        string but = unserved is null ? "" : $", but {unserved}";
        if (BlockedOn is not null) return Blocked() + but;
        if (DueAt > Now) return $"delayed until {StoredTime.InWords(DueAt.Value)}{Tries()}{but}";
        string since = DueAt is { } due ? $"due since {StoredTime.InWords(due)}" : $"ready since {StoredTime.InWords(ReadySince ?? Item.UpdatedAt)}";
        if (unserved is not null || Pauses.Count > 0) return since + but;
        if (served.FirstToClaimAgain(Item.Engine, Item.Queue, StateVersion) is { } worker)
            return $"{since}; the clock was set by {worker.ClockSetBy:c}, and the workers that serve it claim nothing until " +
                $"{StoredTime.InWords(worker.ClaimsAgainAt!.Value)}";
        return RunsAlone
            ? $"{since}; waits to run alone after {Interruptions} interruptions"
            : $"{since}; the workers that serve it are busy, or about to claim it";
    }

    private (string Sentence, string? Why) Waiting()
    {
        if (Wait is null) return AfterState(" ", null);
        string[] things =
        [
            .. Wait.AskId is null ? (string[])[] : [$"an answer to question {Wait.AskId}"],
            .. Wait.Signals.Count == 0 ? (string[])[] : [$"the signal {Names(Wait.Signals)}"],
            .. Wait.Children is { } join ? (string[])[OfChildren(join)] : [],
        ];
        string what = things.Length == 0 ? "" : $" for {string.Join(" or ", things)}";
        string until =
            Wait.Until is not { } end ? ""
            : end > Now ? $"{(Wait.Children is null ? "" : ",")} until {StoredTime.InWords(end)}"
            : $"; its time was over at {StoredTime.InWords(end)}";
        string? unserved = Wait.Until <= Now ? new ServedLanes(Workers).WhyUnserved(Item.Engine, Item.Queue, StateVersion) : null;
        string why = $"{what}{until}, since {StoredTime.InWords(Wait.Since)}{(unserved is null ? "" : $", but {unserved}")}";
        return (Item.State.Name() + why, why.TrimStart(' ', ',', ';'));
    }

    private string OfChildren(ChildJoin join)
    {
        string what = join.IsAll ? "the end of all children" : join.Ends == 1 ? "the end of any child" : $"the ends of at least {join.Ends:N0} children";
        return $"{what}{(join.OrFailure ? " or the failure of one" : "")}, of which {OpenChildren:N0} {(OpenChildren == 1 ? "is" : "are")} open";
    }

    private static string Names(IReadOnlyList<string> signals) => signals.Count <= MaxNames
        ? string.Join(" or ", signals)
        : $"{string.Join(" or ", signals.Take(MaxNames))} or one of {signals.Count - MaxNames} others";

    private string Blocked() =>
        HolderId is null ? $"blocked: waits for {BlockedOn}, which nobody holds any more"
        : HolderWorkerId is null ? $"blocked: {BlockedOn} is held by {HolderId}, which does not run now"
        : $"blocked: {BlockedOn} is held by {HolderId} on worker {HolderWorkerId}";

    private string Tries() =>
        RetryWhy is not null ? $" after its step asked to be tried again{(RetryAfters > 1 ? $" {RetryAfters} times in a row" : "")}: {Cut(RetryWhy)}"
        : Failures > 0 ? $" after {Failures} failed {(Failures == 1 ? "try" : "tries")}"
        : Interruptions > 0 ? $" after {Interruptions} {(Interruptions == 1 ? "interruption" : "interruptions")}"
        : "";

    private static string Cut(string? text) => ShortText.Cut(text ?? "", MaxMessage);
}
