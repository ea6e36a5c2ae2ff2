using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Roost.Writing;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>
    /// Enqueues one work item for an engine that is registered here, which gives its own id: <c>await roost.EnqueueAsync&lt;OrderEngine&gt;(order)</c>. When
    /// the task ends it is durable.
    /// </summary>
    /// <typeparam name="TEngine">The engine's class.</typeparam>
    /// <param name="payload">Anything that serializes to a JSON object by <see cref="RoostOptions.Json"/>; null means <c>{}</c>.</param>
    /// <param name="with">Sets more of the item: <c>item => item with { IdempotencyKey = "order-17" }</c>. Default: nothing.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <returns>What waits for the item, reads, signals and cancels it.</returns>
    /// <exception cref="InvalidInputException">A field breaks a rule.</exception>
    /// <exception cref="ConflictException">No engine of that class is registered here, or several with different ids; the id exists already, or the
    /// idempotency key with another payload.</exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public Task<WorkHandle> EnqueueAsync<TEngine>(
        object? payload = null, Func<WorkItem, WorkItem>? with = null, CancellationToken cancellationToken = default) where TEngine : IEngine =>
        EnqueueHandleAsync(new WorkItem(GetEngineId<TEngine>(), payload), with, cancellationToken);

    /// <summary>The same with a payload that is written by source-generated metadata.</summary>
    /// <inheritdoc cref="EnqueueAsync{TEngine}(object?, Func{WorkItem, WorkItem}?, CancellationToken)"/>
    public Task<WorkHandle> EnqueueAsync<TEngine, TPayload>(
        TPayload payload, JsonTypeInfo<TPayload> type, Func<WorkItem, WorkItem>? with = null, CancellationToken cancellationToken = default)
        where TEngine : IEngine =>
        EnqueueHandleAsync(WorkItem.From(GetEngineId<TEngine>(), payload, type), with, cancellationToken);

    /// <summary>What waits for a work item, reads, signals and cancels it. Nothing is looked up: the item is found, or not, when it is used.</summary>
    /// <param name="workId">The id of the item.</param>
    public WorkHandle GetHandle(string workId)
    {
        Names.Check("workId", workId);
        return new(this, new(workId, Created: false));
    }

    /// <summary>The id of the one engine of a class that is registered here, for what is named by ids: triggers, filters, pauses.</summary>
    /// <typeparam name="TEngine">The class; where none is of this very class, one that derives from or implements it.</typeparam>
    /// <exception cref="ConflictException">None is registered here, or several with different ids.</exception>
    public string GetEngineId<TEngine>() where TEngine : IEngine => engines.IdsOf(typeof(TEngine)) switch
    {
        [var id] => id,
        [] => throw new ConflictException(
            $"{TypeNames.Of(typeof(TEngine))} is not registered in this runtime, so that its id is not known; call AddEngine first, or name the engine by " +
            $"its id in a WorkItem."),
        var several => throw new ConflictException(
            $"{TypeNames.Of(typeof(TEngine))} is registered in this runtime under several ids ({string.Join(", ", several)}); name the one that is meant in " +
            $"a WorkItem."),
    };

    private async Task<WorkHandle> EnqueueHandleAsync(WorkItem item, Func<WorkItem, WorkItem>? with, CancellationToken cancellationToken)
    {
        if (with is not null) item = with(item) ?? throw new InvalidInputException("with", "returned null; return the item, changed by a with expression.");
        return new(this, await EnqueueAsync(item, cancellationToken).ConfigureAwait(false));
    }
}
