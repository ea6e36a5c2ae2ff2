
namespace Roost.Tests.Support.Model;

/// <summary>What an operation by hand does to one item.</summary>
internal enum Verb
{
    Cancel,
    Retry,
    Discard,
    Requeue,
    Priority,
    Release,
    Signal,
    Edit,
    RunAgain,
    Pause,
    Resume,
    Answer,
    Withdraw,
}

/// <summary>What an operation must answer, and the events of items that it must write, in their order.</summary>
internal sealed record Answer(object? Result, Type? Error, params (string Kind, string Id)[] Events)
{
    public static Answer Is(object? result, params (string Kind, string Id)[] events) => new(result, null, events);

    public static Answer Throws<T>() where T : RoostException => new(null, typeof(T));

    public bool Fits(object? result, Exception? error, IEnumerable<(string Kind, string Id)> events) =>
        error?.GetType() == Error && (error is not null || Equals(Result, result)) && Events.SequenceEqual(events);

    public override string ToString() => $"{Error?.Name ?? Result ?? "nothing"}, {(Events.Length == 0 ? "no events" : string.Join(", ", Events))}";
}

/// <summary>What operations must answer while no loop runs. Where the events do not tell how an item stands, there is more than one answer.</summary>
internal sealed partial class ModelFile
{
    public Answer[] Change(Verb verb, string id, int priority)
    {
        if (!Items.TryGetValue(id, out ModelItem? item)) return [Answer.Throws<NotFoundException>()];
        Answer conflict = Answer.Throws<ConflictException>();
        bool runs = item.State == WorkState.Running, failed = item.State == WorkState.Failed;
        return verb switch
        {
            Verb.Cancel when item.IsEnded => [Answer.Is(false)],
            Verb.Cancel when runs => [item.CancelRequested ? Answer.Is(true) : Answer.Is(true, (EventKinds.CancelRequested, id))],
            Verb.Cancel => [Answer.Is(true, [(EventKinds.Cancelled, id), .. Waking(item), .. Tree([item])])],
            Verb.Edit when failed && item.Version > 0 => [Answer.Is(null, [(EventKinds.Edited, id), .. Retrying(item)])],
            Verb.Retry or Verb.Edit => [failed ? Answer.Is(null, [.. Retrying(item)]) : conflict],
            Verb.RunAgain when item.IsEnded && !failed => [Answer.Is(null, (EventKinds.RunAgain, id), (EventKinds.Enqueued, "?"))],
            Verb.RunAgain => [conflict],
            Verb.Discard => [failed ? Answer.Is(null, [(EventKinds.Discarded, id), .. Tree([item])]) : conflict],
            Verb.Requeue when item.State != WorkState.Queued => [conflict],
            Verb.Requeue when item.Due > Now => [Answer.Is(true, (EventKinds.Requeued, id))],
            Verb.Requeue => [
                .. item.AskedForNothing ? Array.Empty<Answer>() : [conflict],
                Answer.Is(false),
                .. item.Due is null ? Array.Empty<Answer>() : [Answer.Is(true, (EventKinds.Requeued, id))]],
            Verb.Priority when item.IsEnded => [conflict],
            Verb.Priority => [item.Priority == priority ? Answer.Is(false) : Answer.Is(true, (EventKinds.PriorityChanged, id))],
            Verb.Pause when item.IsEnded => [conflict],
            Verb.Pause => [Answer.Is(!IsPausedItself(item), (EventKinds.Paused, id))],
            Verb.Resume when item.IsPaused && item.PausedUntil <= Now => [Answer.Is(false, (EventKinds.PauseOver, id))],
            Verb.Resume => [item.IsPaused ? Answer.Is(true, (EventKinds.Resumed, id)) : Answer.Is(false)],
            Verb.Signal when item.State is WorkState.Done or WorkState.Cancelled => [conflict],
            Verb.Answer or Verb.Withdraw when !item.HasAsked => [Answer.Is(false)],
            Verb.Answer or Verb.Withdraw when item is { State: WorkState.Waiting, Asks: true } && !(item.Due <= Now) =>
                [Answer.Is(true, (verb == Verb.Answer ? EventKinds.Answered : EventKinds.AskWithdrawn, id), (EventKinds.Woken, id))],
            Verb.Answer when item.AnsweredBy is not null => [Answer.Is(false)], // The same by the same person.
            Verb.Answer or Verb.Withdraw => [Answer.Throws<AskClosedException>()],
            Verb.Signal when IsWokenBySignal(item) => [Answer.Is(null, (EventKinds.Signalled, id), (EventKinds.Woken, id))],
            Verb.Signal => [Answer.Is(null, (EventKinds.Signalled, id))],
            Verb.Release when !runs => [conflict],
            _ when item.CancelRequested =>
                [Answer.Is(null, [(EventKinds.Released, id), (EventKinds.Cancelled, id), .. Waking(item), .. Tree([item])])],
            _ => [Answer.Is(null, (EventKinds.Released, id))],
        };
    }

    /// <summary>Of an engine or queue in which there is nothing, it may be that a lane is left of what was there.</summary>
    public Answer[] ChangeWide(PauseTarget target, bool pause)
    {
        if (!pause) return [Answer.Is(wide.Contains(target))];
        Answer paused = Answer.Is(!wide.Contains(target));
        bool isKnown = target.Scope == PauseScope.File || Items.Values.Any(item => IsIn(target, item));
        return isKnown ? [paused] : [paused, Answer.Throws<NotFoundException>()];
    }

    /// <summary>All of them, or none. An id that the runtime shall choose is "?" in the answer.</summary>
    public Answer Enqueue(IReadOnlyList<(Spec Spec, string? ParentId)> batch)
    {
        var answers = new List<(string Id, bool Created)>();
        var made = new Dictionary<string, Spec>();
        foreach ((Spec spec, string? parentId) in batch)
        {
            if (spec.Key is { } key && Keyed(key, spec.Engine, made) is { } known)
            {
                if (!known.Spec.Script.IsSame(spec.Script) || (spec.Id is not null && spec.Id != known.Id)) return Answer.Throws<ConflictException>();
                answers.Add((known.Id, false));
                continue;
            }
            if (spec.Id is { } id && (Items.ContainsKey(id) || made.ContainsKey(id))) return Answer.Throws<ConflictException>();
            if (parentId is not null && !Items.ContainsKey(parentId) && !made.ContainsKey(parentId)) return Answer.Throws<InvalidInputException>();
            string name = spec.Id ?? $"?{made.Count}";
            made[name] = spec;
            answers.Add((name, true));
        }
        return Answer.Is(World.Text(answers), [.. answers.Where(answer => answer.Created).Select(answer => (EventKinds.Enqueued, answer.Id))]);
    }

    public Answer RetryAll(string? engine) => Many(EventKinds.Retried, engine);

    public Answer DiscardAll(string? engine) => Many(EventKinds.Discarded, engine);

    /// <summary>What a purge means, that which it leaves for parents included.</summary>
    public List<ModelItem> Purgeable(string? engine, TimeSpan olderThan, IReadOnlyList<WorkState> states) =>
        [.. Items.Values.Where(item => states.Contains(item.State) && (engine is null || item.Spec.Engine == engine) && item.UpdatedAt <= Now - olderThan)];

    /// <summary>The longest failed first.</summary>
    private Answer Many(string kind, string? engine)
    {
        ModelItem[] failed =
        [
            .. Items
                .Values.Where(item => item.State == WorkState.Failed && (engine is null || item.Spec.Engine == engine))
                .OrderBy(item => item.UpdatedAt)
                .ThenBy(item => item.Serial),
        ];
        return kind == EventKinds.Retried
            ? Answer.Is(failed.Length, [.. failed.SelectMany(Retrying)])
            : Answer.Is(failed.Length, [.. failed.Select(item => (kind, item.Id)), .. Tree(failed)]);
    }

    /// <summary>One that has failed while it waited waits again, and goes on at once where its signal is there.</summary>
    private IEnumerable<(string Kind, string Id)> Retrying(ModelItem item)
    {
        yield return (EventKinds.Retried, item.Id);
        if (!item.IsInWait) yield break;
        yield return (EventKinds.Waiting, item.Id);
        if (IsThere(item)) yield return (EventKinds.Woken, item.Id);
    }

    /// <summary>The parent of an item that has not ended goes on where that is the end that it waits for.</summary>
    private IEnumerable<(string Kind, string Id)> Waking(ModelItem ending)
    {
        if (ending is not { IsDetached: false, Parent: { State: WorkState.Waiting, Join: { } join } parent }) yield break;
        if (!Items.ContainsKey(parent.Id)) yield break;
        if (OpenChildren(parent) == 1 || join == 1) yield return (EventKinds.Woken, parent.Id);
    }

    /// <summary>What follows items that are cancelled, in the order in which it does.</summary>
    private List<(string Kind, string Id)> Tree(IEnumerable<ModelItem> cancelled)
    {
        var events = new List<(string, string)>();
        var trees = new SortedDictionary<int, ModelItem>(cancelled.ToDictionary(item => item.Serial));
        var gone = cancelled.ToHashSet();
        while (trees.Count > 0)
        {
            (int first, ModelItem tree) = trees.First();
            int n = 0;
            foreach (ModelItem child in Items.Values.Where(child => child.Parent == tree && !child.IsDetached).OrderBy(child => child.Serial))
            {
                if (child.State is WorkState.Done or WorkState.Failed && !gone.Contains(child)) trees.TryAdd(child.Serial, child);
                if (child.IsEnded || child.CancelRequested || !gone.Add(child)) continue;
                n++;
                events.Add((child.State == WorkState.Running ? EventKinds.CancelRequested : EventKinds.Cancelled, child.Id));
                if (child.State != WorkState.Running) trees.TryAdd(child.Serial, child);
            }
            trees.Remove(first);
            if (n > 0) events.Add((EventKinds.TreeCancelled, tree.Id));
        }
        return events;
    }

    private (string Id, Spec Spec)? Keyed(string key, string engine, Dictionary<string, Spec> made)
    {
        foreach (ModelItem item in Items.Values)
            if (item.Spec.Key == key && item.Spec.Engine == engine) return (item.Id, item.Spec);
        foreach ((string id, Spec spec) in made)
            if (spec.Key == key && spec.Engine == engine) return (id, spec);
        return null;
    }
}
