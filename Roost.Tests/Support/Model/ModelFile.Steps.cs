namespace Roost.Tests.Support.Model;

/// <summary>How a step may end.</summary>
internal sealed partial class ModelFile
{
    private void Step(ModelItem item, WorkEvent e)
    {
        Next next = NextOf(item, e);
        Must(next is Next.Goes or Next.FailsSaved, $"its step {next}");
        int delay = Number(e, "delay_ms") ?? 0;
        ScriptStep? made = item.Step;
        Must(delay == (made is { Act: Act.Delay } step ? step.N : 0), "this is not its delay");
        Advance(item);
        if (item.CancelRequested) Follow(EventKinds.Cancelled, item);
        else if (next == Next.FailsSaved || item.Deadline <= Now || item.IsBeyondItsSteps)
        {
            Follow(EventKinds.Failed, item);
            if (made?.Act is Act.Wait or Act.Join or Act.Ask) BeginWait(item); // A retry begins it.
        }
        else if (made?.Act is Act.Wait or Act.Join or Act.Ask) Follow(EventKinds.Waiting, item);
        else if (delay > 0) Queue(item, Now.AddMilliseconds(delay));
        else if (item.IsPaused || IsCovered(item)) Queue(item, null); // Nobody keeps a lease into a pause.
        else item.IsUnsure = true;
        if (made?.Act == Act.SignalSelf && !item.CancelRequested) Follow(EventKinds.Signalled, item);
    }

    private void Finish(ModelItem item, WorkEvent e)
    {
        Must(NextOf(item, e) == Next.Done, "its script is not at its end");
        Advance(item);
        End(item, WorkState.Done);
        triggeredBy = item;
        foreach (Trigger rule in World.Triggers.Where(rule => rule.When == item.Spec.Engine && item.Spec.Script.Follow))
        {
            if (item.Depth + 1 > rule.MaxDepth)
            {
                Follow(EventKinds.TriggerSkipped, item);
                continue;
            }
            followUp = new(
                item.Spec.Script, rule.Enqueue, item.Spec.Queue, Priority: item.Priority, Names: item.Spec.Names, Life: item.Spec.Life, Detached: true);
            mustFollow.Enqueue((EventKinds.Enqueued, null));
            Follow(EventKinds.Triggered, item);
        }
    }

    /// <summary>Checks what every committed step says, and what it has brought with it.</summary>
    private static Next NextOf(ModelItem item, WorkEvent e)
    {
        Keeps(item);
        Must(Number(e, "version") == item.Version + 1, "a version is missing");
        Must((Number(e, "attempt") ?? 1) == item.Failures + 1, "this is not its try");
        Next next = item.Next;
        bool dropsChildren = item.CancelRequested && next != Next.Done;
        string[] joined = item.IsJoined ? ["engine.joined"] : [];
        string[] expected = item.Step?.Act switch
        {
            Act.Child or Act.SameChild when !dropsChildren => [item.ChildId],
            Act.Event => ["engine.note"],
            Act.Take => ["engine.took"],
            _ => [],
        };
        // Events come before children in a commit.
        Must(
            item.Staged.SequenceEqual([.. joined, .. expected]),
            $"it brings {string.Join(", ", item.Staged)}, not {string.Join(", ", [.. joined, .. expected])}");
        return next;
    }

    private void Advance(ModelItem item)
    {
        if (item.Step?.Act is Act.Artifact or Act.Stream) item.Artifacts.Add(("out.txt", item.Version + 1));
        int[] taken = item.Step?.Act == Act.Take ? [.. InReach(item), item.Waker] : [item.Waker];
        item.Mail.RemoveAll(taken.Contains);
        item.Waker = 0;
        if (item.IsJoined) item.Shown = item.Progress!.Value.Last;
        (item.IsJoined, item.Progress) = (false, null);
        item.Staged.Clear();
        item.Shapes.Add(ShapeAt(item.Worker!, item.Spec));
        (item.Failures, item.Interruptions, item.RetryAfters) = (0, 0, 0);
    }

    private void TryAgain(ModelItem item, WorkEvent e)
    {
        Keeps(item);
        Must(item.Next == Next.AsksAgain, "its step does not ask for that");
        Must(Given(e, "times") == ++item.RetryAfters && Given(e, "delay_ms") == ScriptEngine.RetryMs, "it has asked otherwise");
        Must(item.Staged.Count == 0, "it brings something");
        item.Suspicions = 0;
        if (item.CancelRequested) Follow(EventKinds.Cancelled, item);
        else if (item.Deadline <= Now) Follow(EventKinds.Failed, item);
        else Queue(item, Now.AddMilliseconds(ScriptEngine.RetryMs));
    }

    private void FailTry(ModelItem item, WorkEvent e)
    {
        Keeps(item);
        Must(!item.CancelRequested && !(item.Deadline <= Now), "it has to end");
        int attempt = ChargeFailure(item, e, last: false);
        double backoff = Given(e, "backoff_ms"), most = 1000 * Math.Pow(2, attempt - 1);
        if (item.Step is { Act: Act.RetryAfter }) Must(backoff == ScriptEngine.RetryMs, "this is not the delay that it asked for");
        else Must(backoff >= most / 2 && backoff <= most, $"the wait is not from {most / 2} to {most} ms");
        Queue(item, Now.AddMilliseconds(backoff));
    }

    private void Fail(ModelItem item, WorkEvent e, bool follows)
    {
        string reason = Text(e, "reason");
        int attempt = Given(e, "attempt");
        if (item.IsUnsure && !follows)
        {
            // A step has failed at its first try; what waits has none.
            if (reason == FailReasons.DeadlineExceeded && attempt == 0) GoneBack(item);
            else Keeps(item);
        }
        if (reason == FailReasons.DeadlineExceeded)
        {
            Must(item.Deadline <= Now, "its deadline has not passed");
            if (item.State is WorkState.Queued or WorkState.Waiting) Must(attempt == item.Failures, "this is not its try");
            else if (!follows) ChargeFailure(item, e, last: null);
        }
        else if (reason == FailReasons.EngineFailed)
        {
            bool isSaved = follows;
            Must(
                isSaved || (item.State == WorkState.Running && item.Next == Next.Fails && !item.CancelRequested && attempt == item.Failures + 1),
                "its engine has not said so"
            );
            if (!isSaved)
                (item.Failures, item.Interruptions, item.RetryAfters) = (0, 0, 0);
        }
        else if (reason == FailReasons.Interrupted) Must(follows, "it was not interrupted");
        else if (reason == FailReasons.MaxSteps) Must(follows && item.IsBeyondItsSteps, "it may go on");
        else
        {
            Must(
                item.State == WorkState.Running && !item.CancelRequested && (reason == FailReasons.InvalidStep || !(item.Deadline <= Now)),
                "it does not run, or has to end otherwise"
            );
            ChargeFailure(item, e, last: true);
        }
        item.Failure = (reason, attempt, item.Version);
        End(item, WorkState.Failed);
    }

    private int ChargeFailure(ModelItem item, WorkEvent e, bool? last)
    {
        int attempt = item.Failures + 1;
        Must(Number(e, "attempt") == attempt, "this is not its try");
        bool timedOut = item.HeedsItsToken && item.Spec.HasTimeout && Text(e, "reason") == FailReasons.TimedOut; // Time passes fast here.
        Must(Throws(item) || timedOut, "its step does not fail");
        bool isFinal = Text(e, "reason") == FailReasons.InvalidStep;
        if (last is { } isLast)
        {
            Must(isFinal == TakesId(item), "only an outcome that is refused for good is, and each that is");
            Must((isFinal || attempt >= item.MaxAttempts) == isLast, $"it has {item.MaxAttempts} tries");
        }
        item.Staged.Clear();
        if (Text(e, "reason") != FailReasons.Abandoned) item.Suspicions = 0;
        return item.Failures = attempt;
    }

    /// <summary>By itself, because the id of its child is taken, or because its token ends what it awaits.</summary>
    private bool Throws(ModelItem item) => item.Next == Next.Throws
        || TakesId(item)
        || (item.HeedsItsToken && (item.CancelRequested || item.Deadline <= Now));

    /// <summary>No further try helps then: the step is refused for good.</summary>
    private bool TakesId(ModelItem item) => item.Step?.Act is Act.Child or Act.SameChild && Items.ContainsKey(item.ChildId);

    private void Cancel(ModelItem item, bool follows)
    {
        if (!follows)
        {
            if (!item.CancelRequested) GoneBack(item);
            if (item.State == WorkState.Running)
            {
                Must(item.CancelRequested && (item.Next == Next.Fails || Throws(item)), "a running item ends with its step");
                if (Throws(item)) item.Failures++;
                else (item.Failures, item.Interruptions, item.RetryAfters) = (0, 0, 0);
            }
            else Must(item.State is WorkState.Queued or WorkState.Waiting, "it has ended");
        }
        End(item, WorkState.Cancelled);
    }

    private void Interrupt(ModelItem item, WorkEvent e)
    {
        Keeps(item);
        item.Interruptions++;
        Must(Number(e, "interruptions") == item.Interruptions, "it was interrupted otherwise");
        if (item.CancelRequested) Follow(EventKinds.Cancelled, item);
        else if (Spec.Parks(item.Spec.Engine) || item.Suspicions >= World.MaxInterruptions) Follow(EventKinds.Failed, item);
        else if (item.Suspicions < 2) Queue(item, null);
        else Queue(item, Now.AddMilliseconds(500 * Math.Pow(2, item.Suspicions - 2)), Now.AddMilliseconds(1000 * Math.Pow(2, item.Suspicions - 2)));
    }
}
