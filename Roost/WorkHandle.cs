using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;

namespace Roost;

/// <summary>
/// One work item of a runtime: waits for it, reads, signals and cancels it. Made by <see cref="RoostRuntime.EnqueueAsync{TEngine}(object?, Func{WorkItem,
/// WorkItem}?, CancellationToken)"/> or <see cref="RoostRuntime.GetHandle"/>; it holds nothing open.
/// </summary>
public sealed class WorkHandle
{
    private readonly RoostRuntime roost;

    internal WorkHandle(RoostRuntime roost, EnqueueResult result) => (this.roost, Id, Created) = (roost, result.Id, result.Created);

    /// <summary>The id of the item.</summary>
    public string Id { get; }

    /// <summary>
    /// Whether the enqueue that gave this handle has made the item: false where its idempotency key was known already, and of <see
    /// cref="RoostRuntime.GetHandle"/>.
    /// </summary>
    public bool Created { get; }

    /// <summary>The id alone: <c>string id = await roost.EnqueueAsync&lt;OrderEngine&gt;(order)</c>.</summary>
    public static implicit operator string(WorkHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return handle.Id;
    }

    /// <inheritdoc cref="RoostRuntime.GetAsync"/>
    public Task<WorkDetail> GetAsync(CancellationToken cancellationToken = default) => roost.GetAsync(Id, cancellationToken);

    /// <summary>The last state that the item has saved.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <exception cref="NotFoundException">There is no such item, or it has saved no state yet.</exception>
    /// <exception cref="InvalidInputException">The state does not fit the type.</exception>
    /// <exception cref="DataCorruptException">The stored bytes do not match their SHA-256.</exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public async Task<TState> GetStateAsync<TState>(CancellationToken cancellationToken = default) =>
        (await roost.GetSnapshotAsync(Id, null, cancellationToken).ConfigureAwait(false)).DataAs<TState>();

    /// <summary>The same by source-generated metadata.</summary>
    /// <inheritdoc cref="GetStateAsync{TState}(CancellationToken)"/>
    public async Task<TState> GetStateAsync<TState>(JsonTypeInfo<TState> type, CancellationToken cancellationToken = default) =>
        (await roost.GetSnapshotAsync(Id, null, cancellationToken).ConfigureAwait(false)).DataAs(type);

    /// <inheritdoc cref="RoostRuntime.WaitAsync"/>
    public Task<WorkSummary> WaitAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        roost.WaitAsync(Id, timeout, cancellationToken);

    /// <summary>Waits until the item is done, by whatever process, and returns its last state.</summary>
    /// <typeparam name="TState">The state's type.</typeparam>
    /// <param name="timeout">How long to wait; more than 49 days are for ever. Default: for ever.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    /// <exception cref="WorkNotDoneException">It has become a dead letter or was cancelled.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="TimeoutException">The time is over and the item has not ended.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the runtime was disposed meanwhile.</exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public async Task<TState> WaitAsync<TState>(TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        (await LastAsync(timeout, cancellationToken).ConfigureAwait(false)).DataAs<TState>();

    /// <summary>The same by source-generated metadata.</summary>
    /// <inheritdoc cref="WaitAsync{TState}(TimeSpan?, CancellationToken)"/>
    public async Task<TState> WaitAsync<TState>(JsonTypeInfo<TState> type, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        (await LastAsync(timeout, cancellationToken).ConfigureAwait(false)).DataAs(type);

    /// <inheritdoc cref="RoostRuntime.CancelAsync"/>
    public Task<bool> CancelAsync(string? reason = null, CancellationToken cancellationToken = default) => roost.CancelAsync(Id, reason, cancellationToken);

    /// <inheritdoc cref="RoostRuntime.SignalAsync(string, string, object?, string?, CancellationToken)"/>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public Task<SignalResult> SignalAsync(string name, object? payload = null, string? signalId = null, CancellationToken cancellationToken = default) =>
        roost.SignalAsync(Id, name, payload, signalId, cancellationToken);

    /// <inheritdoc cref="RoostRuntime.SignalAsync{T}(string, string, T, JsonTypeInfo{T}, string?, CancellationToken)"/>
    public Task<SignalResult> SignalAsync<T>(
        string name, T payload, JsonTypeInfo<T> type, string? signalId = null, CancellationToken cancellationToken = default) =>
        roost.SignalAsync(Id, name, payload, type, signalId, cancellationToken);

    /// <summary>The id.</summary>
    public override string ToString() => Id;

    private async Task<Snapshot> LastAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        WorkSummary ended = await roost.WaitAsync(Id, timeout, cancellationToken).ConfigureAwait(false);
        if (ended.State != WorkState.Done) throw new WorkNotDoneException(ended);
        return await roost.GetSnapshotAsync(Id, ended.Version, cancellationToken).ConfigureAwait(false);
    }
}
