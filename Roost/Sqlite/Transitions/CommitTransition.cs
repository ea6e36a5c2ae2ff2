using System.Diagnostics;
using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>running -> running, queued, done, failed or cancelled: everything that a step brought, or nothing of it.</summary>
internal sealed class CommitTransition(
    WriteConnection connection, Counters counters, Lanes lanes, WorkTable workTable, SnapshotTable snapshots, BlobTable blobs, Events events,
    StepTally tally, FailureTable failures, TriggerTable triggers, EnqueueTransition enqueueing, WaitTransitions waits, EffectTable effects,
    PauseTable pauses, Fairness fairness, LeaseLoader loader, Exit exit)
{
    public CommitResult Execute(StepCommit commit, SlotLedger? ledger)
    {
        LeasedWork lease = commit.Lease;
        if (LaneAfter(commit) is not { } lane) return Lost(commit);
        if (MayKeep(commit, ledger) && workTable.Keep(lease, lane, commit.Unchanged))
        {
            Save(commit);
            Attach(commit, goesOn: true);
            Stepped(commit);
            Send(commit);
            if (lease.Failures > 0) failures.Forget(lease.WorkKey);
            tally.Add(lease, commit.Next!.Step, failed: false);
            return CommitResult.Kept(lane);
        }
        return workTable.LoadHeld(lease) is { } row ? EndLease(commit, row, lane, ledger) : Lost(commit);
    }

    /// <summary>The lane of the next step, made where there is none; null where the lease is lost, so that its loser leaves none behind.</summary>
    private Lane? LaneAfter(StepCommit commit)
    {
        Lane lane = commit.Lease.Lane;
        if (commit.Next is null || commit.StateVersion == lane.StateVersion) return lane;
        if (lanes.Find(lane.Engine, lane.Queue, commit.StateVersion) is { } known) return known;
        return workTable.LoadHeld(commit.Lease) is null ? null : lanes.Get(lane.Engine, lane.Queue, commit.StateVersion);
    }

    private CommitResult Lost(StepCommit commit)
    {
        blobs.Unpin(commit.Staged);
        return CommitResult.Lost;
    }

    private bool MayKeep(StepCommit commit, SlotLedger? ledger) =>
        commit.Kind == OutcomeKind.Continue && commit.DelayMs == 0 && !commit.Lease.HasMail && ledger is not null && ledger.MayGoOn
        && !connection.HasPassed(commit.Lease.Deadline) && !commit.Lease.Solo && !IsBeyondItsSteps(commit)
        && !pauses.Covers(commit.Lease.Lane)
        && !fairness.MustYield(ledger, commit.Lease);

    /// <summary>It would go on after the last step that it may commit.</summary>
    private static bool IsBeyondItsSteps(StepCommit commit) =>
        commit.Kind is OutcomeKind.Continue or OutcomeKind.Wait && commit.Lease.Version + 1 >= commit.Lease.LastVersion;

    private CommitResult EndLease(StepCommit commit, in WorkRow row, Lane lane, SlotLedger? ledger)
    {
        LeasedWork lease = commit.Lease;
        bool cancelled = row.CancelRequested && commit.Kind != OutcomeKind.Done;
        bool overdue = commit.Kind is OutcomeKind.Continue or OutcomeKind.Wait && connection.HasPassed(row.Deadline);
        int version = commit.Next is null ? row.Version : row.Version + 1;
        WorkRow stepped = row.WithCleanRecord() with
        {
            Version = version,
            Lane = lane.Key,
            Unchanged = commit.Unchanged,
            HasMail = row.HasMail && waits.Settle(commit),
        };

        WorkRow after = commit.Kind switch
        {
            OutcomeKind.Done => stepped.AsEnded(WorkState.Done, connection.Now),
            _ when cancelled => stepped.AsEnded(WorkState.Cancelled, connection.Now),
            OutcomeKind.Fail => stepped.AsEnded(WorkState.Failed, connection.Now),
            _ when overdue || IsBeyondItsSteps(commit) => stepped.AsEnded(WorkState.Failed, connection.Now) with
            {
                HasMail = stepped.HasMail || commit.Kind == OutcomeKind.Wait,
            },
            OutcomeKind.Wait => stepped.AsWaiting(commit.Wait!.TimeoutMs, commit.Wait.Until, connection.Now),
            OutcomeKind.Continue when commit.DelayMs > 0 => stepped.AsDelayed(commit.DelayMs, connection.Now),
            OutcomeKind.Continue => stepped.AsReady(counters.NextPlaceAgain(), connection.Now),
            _ => throw new UnreachableException($"Nothing says what becomes of an item after {commit.Kind}."),
        };
        workTable.Save(row, after);
        if (commit.Next is not null) Save(commit);
        Attach(commit, goesOn: !cancelled);
        Record(commit, after);
        if (!cancelled) Send(commit);
        tally.Add(lease, commit.Next?.Step ?? lease.StepBefore, failed: commit.Kind == OutcomeKind.Fail);
        if (after is { ReadyPlace: not null, IsPaused: false } && ledger is not null)
        {
            ledger.Yield(lane.Key, after.Priority);
            loader.Keep(commit);
        }
        return CommitResult.Released;
    }

    private void Record(StepCommit commit, in WorkRow after)
    {
        if (commit.Wait?.Ask is { } ask) ask.Trace = commit.Lease.Trace?.ToPassOn;
        switch (after.State)
        {
            case WorkState.Done:
                events.Append(EventKinds.Done, after.Key, commit, Details);
                triggers.Fire(commit, after);
                exit.Done(after);
                break;
            case WorkState.Cancelled:
                Stepped(commit);
                exit.Cancelled(after);
                break;
            case WorkState.Failed:
                Stepped(commit);
                if (commit.Kind == OutcomeKind.Wait) waits.Keep(after, commit.Lease.Item.Id, commit.Wait!);
                exit.Failed(after, WhyFailed(commit, after));
                break;
            default:
                Stepped(commit);
                if (commit.Lease.Failures > 0) failures.Forget(after.Key);
                exit.Requeued(after);
                if (after.State == WorkState.Waiting) waits.Begin(after, commit.Lease.Item.Id, commit.Wait!);
                break;
        }
    }

    private Failure WhyFailed(StepCommit commit, in WorkRow after)
    {
        int attempt = commit.Lease.Failures + 1;
        return commit.Kind == OutcomeKind.Fail ? new(FailReasons.EngineFailed, null, commit.Reason!, null, attempt) { Group = commit.Group }
            : connection.HasPassed(after.Deadline) ? Failure.Deadline(after.Deadline!.Value, attempt)
            : Failure.TooManySteps(commit.Lease.Item.MaxSteps!.Value, attempt);
    }

    private void Save(StepCommit commit)
    {
        LeasedWork lease = commit.Lease;
        commit.Next!.UpdatedAt = StoredTime.Read(connection.Now);
        (StateForm form, int version) = (commit.Form!.Value, lease.Version + 1);
        snapshots.Save(lease.WorkKey, new(version, commit.StateVersion, commit.Next.Step, commit.Hash, commit.DelayMs), form);
        if (!form.IsWhole && !lease.HasDifferences) snapshots.NoteDifferences(lease.WorkKey);
        snapshots.Trim(lease.WorkKey, version, form, lease.HasDifferences, lease.HasStepped);
        if (lease.HasRecords || commit.HasEffects) effects.Trim(lease.WorkKey, version);
    }

    private void Attach(StepCommit commit, bool goesOn)
    {
        if (commit.Staged is not { } staged) return;
        long work = commit.Lease.WorkKey;
        int version = commit.Next is null ? commit.Lease.Version : commit.Lease.Version + 1;
        foreach ((string kind, byte[]? data) in staged.Events) events.Append(kind, work, data);
        foreach (StagedArtifact artifact in staged.Artifacts) blobs.Attach(work, version, artifact);
        if (!goesOn) return;
        foreach (NewWork child in staged.Children) Enqueue(child, commit.Lease);
    }

    /// <summary>Once its own row and wait are saved: a step may send a signal to its own item.</summary>
    private void Send(StepCommit commit)
    {
        if (commit.Staged is not { } staged) return;
        foreach (StagedSignal signal in staged.Signals) waits.Send(signal, commit.Lease);
    }

    /// <summary>A child that is refused for what it says, such as an id that another item has, would be refused in every try.</summary>
    private void Enqueue(NewWork child, LeasedWork lease)
    {
        try
        {
            enqueueing.Execute(child, lease.WorkKey, lease.Depth, lease.Trace?.ToPassOn);
        }
        catch (RoostException e) when (e is ConflictException or InvalidInputException)
        {
            e.Final = new(lease.Item.Id);
            throw;
        }
    }

    private void Stepped(StepCommit commit)
    {
        if (commit.Next is not null) events.Append(EventKinds.Stepped, commit.Lease.WorkKey, commit, Details);
    }

    private static readonly Action<Utf8JsonWriter, StepCommit> Details = static (json, commit) =>
    {
        json.WriteNumber("version", commit.Lease.Version + 1);
        json.WriteString("step", commit.Next!.Step);
        if (commit.DelayMs > 0) json.WriteNumber("delay_ms", commit.DelayMs);
        if (commit.Lease.Failures > 0) json.WriteNumber("attempt", commit.Lease.Failures + 1);
    };
}
