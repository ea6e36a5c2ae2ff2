using Roost.Stores;

namespace Roost;

/// <summary>
/// How a work item has ended without being done: what an engine is told by <see cref="IEngine.OnEndedAsync"/>. Nothing that is done there changes the item.
/// </summary>
public sealed class EndContext
{
    private readonly RoostRuntime runtime;
    private readonly EndedWork ended;

    internal EndContext(RoostRuntime runtime, EndedWork ended, CancellationToken cancellationToken) =>
        (this.runtime, this.ended, CancellationToken) = (runtime, ended, cancellationToken);

    /// <summary>The work item.</summary>
    public WorkItem Item => ended.Item;

    /// <summary><see cref="WorkState.Failed"/> or <see cref="WorkState.Cancelled"/>, which a dead letter that was discarded is as well.</summary>
    public WorkState State => ended.State;

    /// <summary>Why it has failed, one of <see cref="FailReasons"/>; or the reason that was given for cancelling or discarding it. Null for none.</summary>
    public string? Reason => ended.Reason;

    /// <summary>The message of the error that it has failed with, or null.</summary>
    public string? Error => ended.Error;

    /// <summary>The version of its last snapshot; 0 where it has none.</summary>
    public int Version => ended.Version;

    /// <summary>When it has ended.</summary>
    public DateTimeOffset EndedAt => ended.EndedAt;

    /// <summary>Which try it is to tell of this end, from 1; tries that ended with the death of the process are counted.</summary>
    public int Attempt => ended.Attempt;

    /// <summary>The same for every try to tell of this end, and different for every other end and file. 32 hexadecimal digits.</summary>
    public string IdempotencyKey => field ??= ended.DeriveKey();

    /// <summary>The time, by the runtime's clock.</summary>
    public DateTimeOffset Now => runtime.Now;

    /// <summary>Fires after <see cref="RoostOptions.EndedTimeout"/>, and where the loop has no more time to stop.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>The item's private folder.</summary>
    public Workspace Workspace => runtime.GetWorkspace(Item.Id);
}
