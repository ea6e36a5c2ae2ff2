using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Roost.Observing;
using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>
    /// Sends a signal to a work item: it is stored in the item's mailbox before the task ends, and wakes the item where that waits for it. Each signal is
    /// applied once: by the step that takes it and commits.
    /// </summary>
    /// <param name="workId">The id of the item; it may run, wait, be queued or be a dead letter.</param>
    /// <param name="name">The name, 1 to 256 characters.</param>
    /// <param name="payload">Anything that serializes to JSON by <see cref="RoostOptions.Json"/>. Default: null.</param>
    /// <param name="signalId">
    /// Makes sending repeatable: the same id again, with the same name and payload, is no second signal, even after a step has taken the first, until the
    /// item is purged. 1 to 256 characters. Default: none.
    /// </param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <exception cref="InvalidInputException">A name, the id or the payload breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">
    /// The item is done or cancelled; its mailbox is full (<see cref="RoostOptions.MaxSignals"/>); or the id has come with another name or payload.
    /// </exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public Task<SignalResult> SignalAsync(
        string workId, string name, object? payload = null, string? signalId = null, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        return SignalAsync(new SignalTarget(workId, null, null), name, payload, signalId, cancellationToken);
    }

    /// <summary>The same with a payload that is written by source-generated metadata.</summary>
    /// <inheritdoc cref="SignalAsync(string, string, object?, string?, CancellationToken)"/>
    public Task<SignalResult> SignalAsync<T>(
        string workId, string name, T payload, JsonTypeInfo<T> type, string? signalId = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        Names.Check("workId", workId);
        return SignalAsync(new SignalTarget(workId, null, null), name, new TypedJson(payload, type), signalId, cancellationToken);
    }

    /// <summary>Sends a signal to the item that has an idempotency key.</summary>
    /// <param name="engine">The id of the item's engine.</param>
    /// <param name="idempotencyKey">Its key.</param>
    /// <param name="name">The name, 1 to 256 characters.</param>
    /// <param name="payload">Anything that serializes to JSON by <see cref="RoostOptions.Json"/>. Default: null.</param>
    /// <param name="signalId">Makes sending repeatable.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <inheritdoc cref="SignalAsync(string, string, object?, string?, CancellationToken)" path="/exception"/>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public Task<SignalResult> SignalByKeyAsync(
        string engine, string idempotencyKey, string name, object? payload = null, string? signalId = null, CancellationToken cancellationToken = default)
    {
        Names.CheckExact("engine", engine);
        Names.Check("idempotencyKey", idempotencyKey);
        return SignalAsync(new SignalTarget(null, engine, idempotencyKey), name, payload, signalId, cancellationToken);
    }

    /// <summary>The same with a payload that is written by source-generated metadata.</summary>
    /// <inheritdoc cref="SignalByKeyAsync(string, string, string, object?, string?, CancellationToken)"/>
    public Task<SignalResult> SignalByKeyAsync<T>(
        string engine, string idempotencyKey, string name, T payload, JsonTypeInfo<T> type, string? signalId = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        Names.CheckExact("engine", engine);
        Names.Check("idempotencyKey", idempotencyKey);
        return SignalAsync(new SignalTarget(null, engine, idempotencyKey), name, new TypedJson(payload, type), signalId, cancellationToken);
    }

    /// <summary>
    /// Enqueues a work item, or finds the one that has its idempotency key, and signals it: one transaction, so that the signal never misses the item. It
    /// is sent in either case, so that the same call again, with the same <paramref name="signalId"/>, is still one signal.
    /// </summary>
    /// <param name="item">The item, with an idempotency key.</param>
    /// <param name="name">The signal's name, 1 to 256 characters.</param>
    /// <param name="payload">Anything that serializes to JSON by <see cref="RoostOptions.Json"/>. Default: null.</param>
    /// <param name="signalId">Makes sending repeatable.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <exception cref="InvalidInputException">A field of the item or of the signal breaks a rule, or the item has no idempotency key.</exception>
    /// <exception cref="ConflictException">
    /// The key belongs to an item with another payload, or to one that is done or cancelled; its mailbox is full; or the signal's id has come with another
    /// name or payload. Nothing was written.
    /// </exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public Task<EnqueueResult> EnqueueAndSignalAsync(
        WorkItem item, string name, object? payload = null, string? signalId = null, CancellationToken cancellationToken = default) =>
        EnqueueAndSignalAnyAsync(item, name, payload, signalId, cancellationToken);

    /// <summary>The same with a payload that is written by source-generated metadata.</summary>
    /// <inheritdoc cref="EnqueueAndSignalAsync(WorkItem, string, object?, string?, CancellationToken)"/>
    public Task<EnqueueResult> EnqueueAndSignalAsync<T>(
        WorkItem item, string name, T payload, JsonTypeInfo<T> type, string? signalId = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        return EnqueueAndSignalAnyAsync(item, name, new TypedJson(payload, type), signalId, cancellationToken);
    }

    private Task<EnqueueResult> EnqueueAndSignalAnyAsync(
        WorkItem item, string name, object? payload, string? signalId, CancellationToken cancellationToken) => Spans.HasListeners
        ? TracedEnqueueAndSignalAsync(item, name, payload, signalId, cancellationToken)
        : SignalledAsync(item, name, payload, signalId, cancellationToken);

    private async Task<EnqueueResult> SignalledAsync(
        WorkItem item, string name, object? payload, string? signalId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        cancellationToken.ThrowIfCancellationRequested();
        if (item.IdempotencyKey is null)
            throw new InvalidInputException("IdempotencyKey", "is missing; it tells which item is signalled where there is one already.");
        NewWork work = WorkItemCheck.Check(item, Options, Now);
        NewSignal signal = WaitCheck.Check(name, payload, signalId, Options);
        work.Trace = signal.Trace = TraceContext.Current;
        (EnqueueResult result, _) = await Changeable.EnqueueAndSignalAsync(work, signal).ConfigureAwait(false);
        WarnUnserved(item.Engine);
        return result;
    }

    /// <summary>The signals in an item's mailbox that no step has taken, in the order in which they came.</summary>
    /// <param name="workId">The id of the item.</param>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="Page{T}.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public Task<Page<Signal>> ListSignalsAsync(string workId, int limit = 50, string? cursor = null, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        Selection.CheckLimit(limit);
        return Readable.SignalsAsync(workId, limit, cursor, cancellationToken);
    }

    private Task<SignalResult> SignalAsync(
        SignalTarget target, string name, object? payload, string? signalId, CancellationToken cancellationToken) => Spans.HasListeners
        ? TracedSignalAsync(target, name, payload, signalId, cancellationToken)
        : SendAsync(target, name, payload, signalId, cancellationToken);

    private async Task<SignalResult> SendAsync(
        SignalTarget target, string name, object? payload, string? signalId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        NewSignal signal = WaitCheck.Check(name, payload, signalId, Options);
        signal.Trace = TraceContext.Current;
        return await Changeable.SignalAsync(target, signal).ConfigureAwait(false);
    }
}
