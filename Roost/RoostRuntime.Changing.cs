using System.Text.Json;
using Roost.Observing;
using Roost.Stores;
using Roost.Writing;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>Enqueues one work item. When the task ends it is durable.</summary>
    /// <exception cref="InvalidInputException">A field breaks a rule.</exception>
    /// <exception cref="ConflictException">The id exists already, or the idempotency key with another payload.</exception>
    public Task<EnqueueResult> EnqueueAsync(WorkItem item, CancellationToken cancellationToken = default) =>
        Spans.HasListeners ? TracedEnqueueAsync(item, cancellationToken) : EnqueueOneAsync(item, cancellationToken);

    private async Task<EnqueueResult> EnqueueOneAsync(WorkItem item, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        cancellationToken.ThrowIfCancellationRequested();
        NewWork work = WorkItemCheck.Check(item, Options, Now);
        work.Trace = TraceContext.Current;
        EnqueueResult result = (await Changeable.EnqueueAsync([work]).ConfigureAwait(false))[0];
        WarnUnserved(item.Engine);
        return result;
    }

    /// <summary>Enqueues many work items in one transaction: all of them, or none. An item may be the parent of a later one.</summary>
    /// <returns>One result for each item, in their order.</returns>
    /// <exception cref="InvalidInputException">A field of an item breaks a rule; nothing was written.</exception>
    /// <exception cref="ConflictException">An id exists already, or an idempotency key with another payload; nothing was written.</exception>
    public Task<IReadOnlyList<EnqueueResult>> EnqueueAsync(IEnumerable<WorkItem> items, CancellationToken cancellationToken = default) =>
        Spans.HasListeners ? TracedEnqueueAsync(items, cancellationToken) : EnqueueManyAsync(items, cancellationToken);

    private async Task<IReadOnlyList<EnqueueResult>> EnqueueManyAsync(IEnumerable<WorkItem> items, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        cancellationToken.ThrowIfCancellationRequested();
        DateTimeOffset now = Now;
        NewWork[] works = [.. items.Select((item, i) => WorkItemCheck.Check(item ?? throw new InvalidInputException($"items[{i}]", "is null."), Options, now))];
        if (works.Length == 0) return [];
        if (TraceContext.Current is { } trace)
            foreach (NewWork work in works) work.Trace = trace;
        IReadOnlyList<EnqueueResult> results = await Changeable.EnqueueAsync(works).ConfigureAwait(false);
        foreach (string engine in works.Select(work => work.Item.Engine).Distinct()) WarnUnserved(engine);
        return results;
    }

    /// <summary>
    /// Cancels a work item: a queued one at once; a running one's token fires, and its step's outcome keeps snapshot, events and artifacts but no
    /// children or triggers. A step that ends with done wins. Once it is cancelled its tree follows: its children that are not detached, theirs, and so on;
    /// this call goes on with that until all of it that can be is cancelled and what runs is asked to stop, and where it is interrupted the next loop does.
    /// </summary>
    /// <returns>False where the item has ended already.</returns>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public async Task<bool> CancelAsync(string workId, string? reason = null, CancellationToken cancellationToken = default)
    {
        CheckChange(workId, reason);
        cancellationToken.ThrowIfCancellationRequested();
        (bool cancelled, long? lease, bool hasTree) = await Changeable.CancelAsync(workId, reason).ConfigureAwait(false);
        if (lease is { } token) loops.Cancel(token, CancellationReason.Cancelled);
        else if (hasTree) await CancelTreesAsync(cancellationToken).ConfigureAwait(false);
        return cancelled;
    }

    /// <summary>Makes a delayed item ready now.</summary>
    /// <returns>False where it was ready already.</returns>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is not queued, or waits for a resource.</exception>
    public async Task<bool> RequeueNowAsync(string workId, string? reason = null, CancellationToken cancellationToken = default)
    {
        CheckChange(workId, reason);
        cancellationToken.ThrowIfCancellationRequested();
        return await Changeable.RequeueNowAsync(workId, reason).ConfigureAwait(false);
    }

    /// <summary>Changes an item's priority, from its next claim on.</summary>
    /// <returns>False where it had that priority already.</returns>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item has ended.</exception>
    public async Task<bool> SetPriorityAsync(string workId, int priority, string? reason = null, CancellationToken cancellationToken = default)
    {
        CheckChange(workId, reason);
        cancellationToken.ThrowIfCancellationRequested();
        return await Changeable.SetPriorityAsync(workId, priority, reason).ConfigureAwait(false);
    }

    /// <summary>
    /// Enqueues an item that is done or was cancelled again, as a new one: with its engine, queue, payload or another, priority, resources, timeout, attempts
    /// and limit of steps, and without its idempotency key, deadline, delay and parent. Both have an event that names the other.
    /// </summary>
    /// <param name="workId">The item that has ended.</param>
    /// <param name="payload">Another payload, a JSON object. Default: the same.</param>
    /// <param name="reason">Why, for the events; at most 1,000 characters. Default none.</param>
    /// <param name="cancellationToken">Asked before the change is handed over.</param>
    /// <returns>The id of the new item.</returns>
    /// <exception cref="InvalidInputException">The payload breaks a rule; nothing was written.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is neither done nor cancelled.</exception>
    /// <exception cref="DataCorruptException">Its payload is damaged, and no other was given.</exception>
    public async Task<string> RunAgainAsync(
        string workId,
        JsonEdit? payload = null,
        string? reason = null,
        CancellationToken cancellationToken = default
    )
    {
        CheckChange(workId, reason);
        WorkDetail ended = await GetAsync(workId, cancellationToken).ConfigureAwait(false);
        if (ended.Summary.State is not (WorkState.Done or WorkState.Cancelled)) throw Store.NotOver(workId, ended.Summary.State);
        if (payload is null && ended.PayloadError is { } damage) throw new DataCorruptException(damage);
        var item = new WorkItem(ended.Summary.Engine)
        {
            Given = payload is null ? ended.Payload : payload.Given,
            Queue = ended.Summary.Queue,
            Priority = ended.Summary.Priority,
            Resources = ended.Resources,
            ResourceHold = ended.ResourceHold,
            Timeout = ended.Timeout,
            MaxAttempts = ended.MaxAttempts,
            MaxSteps = ended.MaxSteps,
        };
        NewWork again = WorkItemCheck.Check(item, Options, Now) with { From = workId, Trace = TraceContext.Current };
        JsonElement now = JsonText.Parse(again.Payload);
        bool isChanged = ended.PayloadError is null && !JsonElement.DeepEquals(ended.Payload, now);
        byte[] told = JsonChanges.Told(json =>
        {
            json.WriteString("to", again.Id);
            if (reason is not null) json.WriteString("reason", reason);
        }, isChanged ? ended.Payload : null, now);
        cancellationToken.ThrowIfCancellationRequested();
        await Changeable.RunAgainAsync(workId, again, told).ConfigureAwait(false);
        WarnUnserved(item.Engine);
        return again.Id;
    }

    /// <summary>
    /// Takes a running item from its worker, without a charge: the step's token fires and nothing of it lands. Another worker goes on from the last snapshot.
    /// </summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is not running.</exception>
    public async Task ReleaseLeaseAsync(string workId, string? reason = null, CancellationToken cancellationToken = default)
    {
        CheckChange(workId, reason);
        cancellationToken.ThrowIfCancellationRequested();
        (long token, bool hasTree) = await Changeable.ReleaseLeaseAsync(workId, reason).ConfigureAwait(false);
        loops.Cancel(token, CancellationReason.LeaseLost);
        if (hasTree) await CancelTreesAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Makes a backup copy a file of its own, so that its work may run; or a copy that was made by hand (a worker that starts on one, and the doctor, say
    /// so where the original is still there). Do this only where the original runs no more, or the same work is done twice.
    /// </summary>
    /// <param name="reason">Why; kept with the event.</param>
    /// <param name="restore">
    /// The original is lost, and this copy takes its place: it keeps the file's identity, and with it the idempotency keys of all steps and effects, by which
    /// services know calls again that the original made after the backup. Default: false, it is a file of its own, and what it does has keys of its own.
    /// </param>
    /// <param name="cancellationToken">Gives up before it has begun.</param>
    /// <exception cref="ConflictException">The file is no backup copy, nor known to be another one; or the original is there that it would replace.</exception>
    public async Task AdoptAsync(string? reason = null, bool restore = false, CancellationToken cancellationToken = default)
    {
        CheckReason(reason);
        cancellationToken.ThrowIfCancellationRequested();
        await Changeable.AdoptAsync(reason, restore).ConfigureAwait(false);
    }

    private async Task CancelTreesAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && await Changeable.CancelTreesAsync().ConfigureAwait(false))
        {
            // Each call is a transaction, and lets others write in between.
        }
    }

    /// <summary>The store, while this runtime is open.</summary>
    private Store Changeable
    {
        get
        {
            ObjectDisposedException.ThrowIf(disposed != 0, this);
            return store;
        }
    }

    private static void CheckChange(string workId, string? reason)
    {
        Names.Check("workId", workId);
        CheckReason(reason);
    }

    private static void CheckReason(string? reason)
    {
        if (reason is null) return;
        Names.CheckText("reason", reason);
        if (reason.Length > 1000) throw new InvalidInputException("reason", $"is {reason.Length:N0} characters long; the limit is 1,000.");
    }

    /// <summary>
    /// Checks a child. One with an idempotency key takes the id of the item that has the key already, or one that the commit refuses should
    /// another item get the key meanwhile: the step then runs again, uncharged, and learns that item's id.
    /// </summary>
    internal NewWork CheckChild(WorkItem child)
    {
        NewWork work = WorkItemCheck.Check(child, Options, Now);
        if (child.IdempotencyKey is not { } key || child.IsIdGiven) return work;
        return work with { Id = store.Reads.IdOfKey(child.Engine, key) ?? work.Id, IsIdByKey = true };
    }

    private void WarnUnserved(string engine)
    {
        if (engines.Find(engine) is not null) return;
        log.EngineUnserved(engine);
    }
}
