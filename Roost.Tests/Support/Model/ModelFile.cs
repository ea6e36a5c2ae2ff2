namespace Roost.Tests.Support.Model;

/// <summary>Something has happened that the model does not allow.</summary>
internal sealed class ModelException(string message) : Exception(message);

/// <summary>
/// What a file holds, as the rules have it and independent of the code under test. It reads the history event by event, in whatever order
/// workers and callers wrote it, refuses what may not happen, and knows from that how every item stands. What a caller's operation must
/// answer it foretells (ModelFile.Operations.cs).
/// </summary>
internal sealed partial class ModelFile
{
    private readonly Dictionary<string, ModelItem> holders = [];
    private readonly Dictionary<string, (Spec Spec, string? ParentId, DateTimeOffset From, DateTimeOffset To)> announced = [];
    private readonly Queue<(string Kind, string? Id)> mustFollow = new();
    private readonly HashSet<PauseTarget> wide = [];
    private int serial;
    private int signals;
    private Spec? followUp;
    private ModelItem? triggeredBy;

    public Dictionary<string, ModelItem> Items { get; } = [];

    /// <summary>Which item holds a name while it runs or for its life.</summary>
    public IReadOnlyDictionary<string, ModelItem> Holders => holders;

    public DateTimeOffset Now { get; set; } = TestRuntime.Start;

    /// <summary>In which shape the engine of a worker, by its id, saves an item's state; 0 where the worker does not serve it.</summary>
    public Func<string, Spec, int> ShapeAt { get; set; } = (_, _) => 0;

    /// <summary>A caller has enqueued it, and the call lasted from one time to another.</summary>
    public void Announce(string id, Spec spec, string? parentId, DateTimeOffset from, DateTimeOffset to) => announced[id] = (spec, parentId, from, to);

    public void Replay(WorkEvent e)
    {
        Now = e.At;
        try
        {
            if (mustFollow.TryDequeue(out (string Kind, string? Id) expected))
                Must(
                    expected.Kind == e.Kind && (expected.Id is null ? e.WorkId is not null && !Items.ContainsKey(e.WorkId) : expected.Id == e.WorkId),
                    $"{expected.Kind} of {expected.Id ?? "a new item"} must come here"
                );
            if (e.WorkId is null)
            {
                ApplyToFile(e);
                return;
            }
            if (e.Kind == EventKinds.Enqueued)
                Enqueue(e);
            Must(Items.TryGetValue(e.WorkId, out ModelItem? item), "the item is not known");
            item!.Events.Add(e.Kind);
            Apply(item, e, expected.Kind is not null);
        }
        catch (ModelException wrong)
        {
            Items.TryGetValue(e.WorkId ?? "", out ModelItem? item);
            throw new ModelException($"Event {e.Sequence} at {e.At:mm:ss.fff}, {e.Kind} of {item?.ToString() ?? e.WorkId} {e.Data}: {wrong.Message}");
        }
    }

    /// <summary>Its own pause lasts.</summary>
    public bool IsPausedItself(ModelItem item) => item.IsPaused && !(item.PausedUntil <= Now);

    /// <summary>Its engine, its queue or the file is paused.</summary>
    public bool IsCovered(ModelItem item) => wide.Any(target => IsIn(target, item));

    private static bool IsIn(PauseTarget target, ModelItem item) => target.Scope switch
    {
        PauseScope.Engine => target.Name == item.Spec.Engine,
        PauseScope.Queue => target.Name == item.Spec.Queue,
        _ => true,
    };

    private void ApplyToFile(WorkEvent e)
    {
        if (e.Kind is not (EventKinds.Paused or EventKinds.Resumed)) return;
        PauseTarget target = Text(e, "scope") switch
        {
            "file" => PauseTarget.File,
            "engine" => PauseTarget.Engine(Text(e, "name")),
            _ => PauseTarget.Queue(Text(e, "name")),
        };
        if (e.Kind == EventKinds.Paused) wide.Add(target);
        else Must(wide.Remove(target), "it was not paused");
    }

    /// <summary>After the last event nothing is half done.</summary>
    public void End() => Must(mustFollow.Count == 0, $"{mustFollow.Count} events that had to follow are missing");

    /// <summary>No loop runs: what may be running is not.</summary>
    public void Settle()
    {
        foreach (ModelItem item in Items.Values) GoneBack(item);
    }

    public void Remove(ModelItem item)
    {
        item.IsPurged = true;
        Items.Remove(item.Id);
    }

    private void Apply(ModelItem item, WorkEvent e, bool follows)
    {
        switch (e.Kind)
        {
            case EventKinds.Enqueued:
                Must(Given(e, "delay_ms") == item.Spec.DelayMs, "this is not its delay");
                break;
            case EventKinds.Blocked:
                GoneBack(item);
                Must(item.State == WorkState.Queued && item.Spec.AllNames.Contains(Text(e, "on")), "it asks for no such name");
                break;
            case EventKinds.Claimed: Claim(item, e); break;
            case EventKinds.Stepped: Step(item, e); break;
            case EventKinds.Done: Finish(item, e); break;
            case EventKinds.StepFailed: FailTry(item, e); break;
            case EventKinds.RetryAfter: TryAgain(item, e); break;
            case EventKinds.Failed: Fail(item, e, follows); break;
            case EventKinds.Cancelled: Cancel(item, follows); break;
            case EventKinds.CancelRequested:
                Keeps(item);
                Must(!item.CancelRequested, "it was asked to cancel before");
                item.CancelRequested = true;
                break;
            case EventKinds.Released:
                Keeps(item);
                if (item.CancelRequested) Follow(EventKinds.Cancelled, item);
                else Queue(item, null);
                break;
            case EventKinds.Interrupted: Interrupt(item, e); break;
            case EventKinds.Retried:
                Must(item.State == WorkState.Failed, "only a dead letter is retried");
                (item.Failures, item.Interruptions, item.RetryAfters, item.CancelRequested, item.Failure) = (0, 0, 0, false, null);
                item.IsUntold = false;
                item.StepsFrom = Math.Max(1, item.Version);
                if (item.Deadline <= Now) item.Deadline = null;
                if (item.IsInWait) Follow(EventKinds.Waiting, item);
                else Queue(item, null, comes: true);
                break;
            case EventKinds.Waiting:
                Must(follows, "it has not said that it waits");
                Rest(item);
                break;
            case EventKinds.Woken: Wake(item, Text(e, "by")); break;
            case EventKinds.Signalled:
                Must(item.State is not (WorkState.Done or WorkState.Cancelled), "nothing takes signals for it any more");
                item.Mail.Add(++signals);
                if (IsWokenBySignal(item)) Follow(EventKinds.Woken, item);
                break;
            case EventKinds.Answered or EventKinds.AskWithdrawn:
                Must(item is { State: WorkState.Waiting, Asks: true } && !(item.Due <= Now), "nobody is asked");
                (item.Closed, item.AnsweredBy) = e.Kind == EventKinds.Answered ? ("answer", Text(e, "by")) : ("withdrawn", null);
                Follow(EventKinds.Woken, item);
                break;
            case EventKinds.TreeCancelled:
                Must(item.IsEnded && Given(e, "children") > 0, "it has not ended");
                break;
            case EventKinds.Edited:
                Must(item.State == WorkState.Failed && Given(e, "version") == item.Version + 1, "only a dead letter is edited, and to its next version");
                item.Shapes.Add(item.Shape);
                Follow(EventKinds.Retried, item);
                break;
            case EventKinds.RunAgain:
                Must(item.State is WorkState.Done or WorkState.Cancelled, "only what is over is run again");
                string again = Text(e, "to");
                Spec spec = item.Spec with { Id = again, Key = null, Priority = item.Priority, DelayMs = 0, DeadlineMs = 0, Parent = -1 };
                announced[again] = (spec, null, Now, Now);
                mustFollow.Enqueue((EventKinds.Enqueued, again));
                break;
            case EventKinds.Paused:
                Must(!item.IsEnded, "it has ended");
                item.IsPaused = true;
                item.PausedUntil = e.Data!.Value.TryGetProperty("until", out var until) ? until.GetDateTimeOffset() : null;
                break;
            case EventKinds.Resumed:
                Must(IsPausedItself(item), "it is not paused");
                item.IsPaused = false;
                break;
            case EventKinds.PauseOver:
                Must(item.IsPaused && item.PausedUntil <= Now, "its pause is not over");
                item.IsPaused = false;
                break;
            case EventKinds.Discarded:
                Must(item.State == WorkState.Failed, "only a dead letter is discarded");
                End(item, WorkState.Cancelled);
                break;
            case EventKinds.Requeued:
                GoneBack(item);
                Must(item.State == WorkState.Queued && item.Due is not null, "only a delayed item is made ready");
                Queue(item, null, comes: true);
                break;
            case EventKinds.PriorityChanged:
                Must(!item.IsEnded && Number(e, "from") == item.Priority && Number(e, "to") != item.Priority, "it has another priority");
                item.Priority = Given(e, "to");
                break;
            case EventKinds.Triggered:
                Must(triggeredBy == item && Text(e, "engine") == followUp!.Engine, "no trigger fits");
                Must(Items[Text(e, "work_id")].Parent == item, "it names another item");
                break;
            case EventKinds.EndTold:
                Must(item.State is WorkState.Failed or WorkState.Cancelled && item.IsUntold, "there is no end of it to tell of");
                Must(Text(e, "state") == item.State.Name() && Given(e, "attempt") == 1, "it has ended otherwise");
                item.IsUntold = false;
                break;
            case EventKinds.TriggerSkipped: Must(follows, "nothing was triggered"); break;
            default:
                Must(e.Kind is "engine.note" or "engine.thrown" or "engine.lost" or "engine.took" or "engine.joined", "this kind is not known");
                Keeps(item);
                if (e.Kind == "engine.took") Must(Number(e, "n") == InReach(item).Count(), $"it has {InReach(item).Count()} signals in reach");
                if (e.Kind == "engine.joined")
                {
                    (int last, int open) = item.Progress!.Value; // Who has ended twice is read once, and who was purged while the parent had failed is not.
                    Must(
                        Number(e, "n") == last - item.Shown && Number(e, "open") == open
                            && Number(e, "read") == item.Ends.Take(last).Skip(item.Shown).Where(child => !child.IsPurged).Distinct().Count(),
                        $"it is shown {last - item.Shown} ends, and {open} are open");
                }
                item.Staged.Add(e.Kind);
                break;
        }
        if (
            e.Kind
                is not (
                    EventKinds.PriorityChanged
                    or EventKinds.CancelRequested
                    or EventKinds.Triggered
                    or EventKinds.TriggerSkipped
                    or EventKinds.Signalled
                    or EventKinds.EndTold
                    or EventKinds.TreeCancelled
                    or EventKinds.Answered
                    or EventKinds.AskWithdrawn
                    or EventKinds.RunAgain
                    or EventKinds.Paused
                    or EventKinds.Resumed
                    or EventKinds.PauseOver
                )
            && !e.Kind.StartsWith("engine.", StringComparison.Ordinal)
        )
            item.UpdatedAt = Now;
    }

    private void Claim(ModelItem item, WorkEvent e)
    {
        GoneBack(item);
        string worker = Text(e, "worker");
        Must(item.State == WorkState.Queued, "only a queued item is claimed");
        Must(IsServed(worker, item), "its worker does not serve it");
        Must(!item.IsPaused && !IsCovered(item), "it is paused");
        Must(!(item.Due > Now), "it is not due");
        Must(!(item.Deadline <= Now), "its deadline has passed");
        foreach (ModelItem other in Items.Values)
        {
            if (other.Worker == worker && other.State == WorkState.Running && !other.IsUnsure)
                Must(!item.RunsAlone && !other.RunsAlone, $"whoever was interrupted twice runs alone, and {other} runs here");
            if (other == item || !IsReady(other, worker) || item.RunsAlone || other.RunsAlone)
                continue;
            Must(other.Priority <= item.Priority, $"{other} has a higher priority");
            if (other.Priority == item.Priority && item.AskedForNothing) Must(!(other.Place < item.Place), $"{other} has been ready for longer");
        }
        foreach (string name in item.Spec.AllNames) Take(name, item);
        if (item.IsJoined && (item.TriedVersion != item.Version || item.Progress is null)) item.Progress = (item.Ends.Count, OpenChildren(item));
        if (item.TriedVersion != item.Version) item.Seen = signals; // What comes while one version is tried is for the next.
        item.TriedVersion = item.Version;
        (item.State, item.Worker, item.Due, item.DueLatest, item.Place) = (WorkState.Running, worker, null, null, null);
    }

    /// <summary>Ready beyond doubt, and nothing but its priority decides when it runs.</summary>
    private bool IsReady(ModelItem item, string worker) =>
        item is { State: WorkState.Queued, IsUnsure: false, AskedForNothing: true }
        && !(item.DueLatest > Now)
        && !(item.Deadline <= Now)
        && !item.IsPaused
        && !IsCovered(item)
        && IsServed(worker, item);

    private bool IsServed(string worker, ModelItem item) => ShapeAt(worker, item.Spec) is > 0 and int shape && item.Shape <= shape;

    private void Take(string name, ModelItem item)
    {
        if (holders.TryGetValue(name, out ModelItem? holder) && holder != item)
        {
            GoneBack(holder);
            Must(!holders.ContainsKey(name), $"{holder} holds \"{name}\"");
        }
        holders[name] = item;
    }

    private void Enqueue(WorkEvent e)
    {
        string id = e.WorkId!;
        Must(!Items.ContainsKey(id), "its id is taken");
        ModelItem? maker = Items.Values.FirstOrDefault(item =>
            item is { State: WorkState.Running, Step.Act: Act.Child or Act.SameChild } && item.ChildId == id
        );
        ModelItem made;
        if (announced.Remove(id, out (Spec Spec, string? ParentId, DateTimeOffset From, DateTimeOffset To) caller))
        {
            // It may have joined a transaction that had begun before it was asked for, and has the time of that.
            DateTimeOffset from = caller.From < Now ? caller.From : Now;
            made = new(id, caller.Spec, caller.ParentId is null ? null : Items[caller.ParentId], 0, ++serial, from, caller.To)
            {
                IsDetached = caller is { ParentId: not null, Spec.Detached: true },
            };
            // Its caller has worked it out.
            if (made.Deadline is not null) made.Deadline = caller.From.AddMilliseconds(caller.Spec.DelayMs + caller.Spec.DeadlineMs);
        }
        else if (maker is not null)
        {
            Keeps(maker);
            made = new(id, new(Script.OfChild, maker.Spec.Engine), maker, maker.Depth, ++serial, Now, Now);
            maker.Staged.Add(id);
        }
        else
        {
            Must(followUp is not null && triggeredBy is not null, "nobody has asked for it");
            made = new(id, followUp!, triggeredBy, triggeredBy!.Depth + 1, ++serial, Now, Now) { IsDetached = true };
        }
        Must(Text(e, "engine") == made.Spec.Engine, "this is not its engine");
        if (made.Due is null) made.Place = serial;
        Items[id] = made;
    }

    /// <summary>Whatever it does next it does while it runs: its lease was kept.</summary>
    private static void Keeps(ModelItem item)
    {
        Must(item.State == WorkState.Running, "it does not run");
        item.IsUnsure = false;
        item.TriedVersion = item.Version;
    }

    /// <summary>Its lease was not kept, where that was open.</summary>
    private void GoneBack(ModelItem item)
    {
        if (item.IsUnsure) Queue(item, null);
    }

    private void Queue(ModelItem item, DateTimeOffset? due, DateTimeOffset? latest = null, bool comes = false)
    {
        (item.State, item.IsUnsure, item.Worker, item.Due, item.DueLatest) = (WorkState.Queued, false, null, due, latest ?? due);
        item.Place = comes ? ++serial : null;
        item.Staged.Clear();
        if (!item.HoldsForLife) FreeNames(item);
    }

    /// <summary>It waits until a signal comes or its time is over. One that is there already ends that at once.</summary>
    private void Rest(ModelItem item)
    {
        if (!item.IsInWait) BeginWait(item); // Else it failed in that, and its state may have been edited.
        Queue(item, item.WaitMs == 0 ? null : Now.AddMilliseconds(item.WaitMs));
        item.State = WorkState.Waiting;
        if (IsThere(item)) Follow(EventKinds.Woken, item);
    }

    private static void BeginWait(ModelItem item)
    {
        ScriptStep step = item.Spec.Script.Steps[item.Version - 2];
        (item.IsInWait, item.WaitMs, item.Join) = (true, step.Act == Act.Join ? 0 : step.N, step.Act == Act.Join ? step.N : null);
        item.Asks = step.Act == Act.Ask;
        if (item.Asks) (item.HasAsked, item.AnsweredBy) = (true, null);
    }

    /// <summary>One that it waits for, or any that is there when its time is over: whoever notices that first.</summary>
    private bool IsWokenBySignal(ModelItem item) => item.State == WorkState.Waiting && (item is { Join: null, Asks: false } || item.Due <= Now);

    /// <summary>What it waits for has come.</summary>
    private bool IsThere(ModelItem item)
    {
        if (item.Asks) return item.Closed is not null;
        if (item.Join is not { } join) return item.Mail.Count > 0;
        return OpenChildren(item) == 0 || (join == 1 && item.Ends.Count > item.Shown) || (join == -1 && item.LastFailed > item.Shown);
    }

    private int OpenChildren(ModelItem item) => Items.Values.Count(child => child.Parent == item && !child.IsDetached && !child.IsEnded);

    private void Wake(ModelItem item, string by)
    {
        Must(item.State == WorkState.Waiting, "it does not wait");
        bool isOver = item.Due <= Now;
        Must(
            by == (isOver ? "timeout" : item.Asks ? item.Closed : item.Join is null ? "signal" : "children"),
            $"its time is {(isOver ? "" : "not ")}over");
        Must(isOver || IsThere(item), "nothing that it waits for has come");
        (item.IsInWait, item.Waker, item.IsJoined) = (false, isOver || item.Asks || item.Join is not null ? 0 : item.Mail[0], item.Join is not null);
        (item.Asks, item.Closed) = (false, null);
        Queue(item, null, comes: true);
    }

    /// <summary>What its step may take.</summary>
    private static IEnumerable<int> InReach(ModelItem item) => item.Mail.Where(signal => signal <= item.Seen && signal != item.Waker);

    private void End(ModelItem item, WorkState state)
    {
        if (!item.IsEnded && item is { IsDetached: false, Parent: { } parent })
        {
            parent.Ends.Add(item);
            if (state == WorkState.Failed) parent.LastFailed = parent.Ends.Count;
        }
        if (state == WorkState.Cancelled) Doom(item);
        (item.State, item.IsUnsure, item.Worker, item.Due, item.DueLatest, item.Place) = (state, false, null, null, null, null);
        item.IsUntold = state != WorkState.Done;
        item.IsPaused = false;
        item.Staged.Clear();
        FreeNames(item);
    }

    /// <summary>What is open below a cancelled item follows, what runs once its step has ended.</summary>
    private void Doom(ModelItem item)
    {
        foreach (ModelItem child in Items.Values.Where(child => child.Parent == item && !child.IsDetached))
        {
            child.IsDoomed = !child.IsEnded;
            if (child.State is WorkState.Done or WorkState.Failed) Doom(child);
        }
    }

    /// <summary>The loops have nothing left to do.</summary>
    public void CheckTrees()
    {
        foreach (ModelItem item in Items.Values)
        {
            Must(!item.IsDoomed || item.IsEnded || item is { State: WorkState.Running, CancelRequested: true }, $"{item} belongs to what was cancelled");
            Must(item.State != WorkState.Waiting || !IsThere(item), $"{item} waits for what has come");
        }
    }

    private void FreeNames(ModelItem item)
    {
        foreach (string name in item.Spec.AllNames)
            if (holders.TryGetValue(name, out ModelItem? holder) && holder == item) holders.Remove(name);
    }

    private void Follow(string kind, ModelItem item) => mustFollow.Enqueue((kind, item.Id));

    private static int? Number(WorkEvent e, string name) => e.Data is { } data && data.TryGetProperty(name, out var value) ? value.GetInt32() : null;

    private static int Given(WorkEvent e, string name) => Number(e, name) ?? throw new ModelException($"{name} is missing");

    private static string Text(WorkEvent e, string name) => e.Data!.Value.GetProperty(name).GetString()!;

    private static void Must(bool holds, string otherwise)
    {
        if (!holds) throw new ModelException(otherwise);
    }
}
