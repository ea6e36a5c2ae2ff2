using System.Security.Cryptography;
using Roost.Stores;

namespace Roost.Tests.Conformance;

/// <summary>
/// A worker of another process as the store sees it: it is registered and has its leases, and its code is the test. It lives, has died, or
/// nothing can be known of that.
/// </summary>
internal abstract class Ghost : IDisposable
{
    /// <summary>The id of the worker.</summary>
    public abstract string Id { get; }

    /// <summary>The key by which the store knows it.</summary>
    public abstract long Key { get; }

    /// <summary>Claims what is ready, as its loop would.</summary>
    public abstract Task<List<LeasedWork>> ClaimAsync(int most = 1);

    /// <summary>A step that ends so, to be committed under a lease that may be lost by then.</summary>
    public static StepCommit LateStep(LeasedWork lease, OutcomeKind kind) =>
        new(lease, kind, "late", 0, Snapshot.First(lease.Item, 99), new byte[32], 1, null);

    /// <summary>Commits a step under whatever lease it had.</summary>
    /// <param name="commit">The step.</param>
    /// <param name="keeps">It would go on with the next step under the same lease.</param>
    public abstract Task<CommitResult> CommitAsync(StepCommit commit, bool keeps = false);

    /// <summary>Charges a failed try; false where the lease was lost.</summary>
    public abstract Task<bool> FailAsync(LeasedWork lease, bool lastTry = false);

    /// <summary>Has its step tried again after a second, uncharged; false where the lease was lost.</summary>
    public abstract Task<bool> RetryAfterAsync(LeasedWork lease);

    /// <summary>Has a person asked about an effect of its step; false where the lease was lost.</summary>
    public abstract Task<bool> AskAsync(LeasedWork lease, EffectAsk about);

    /// <summary>Gives a lease back uncharged; false where it was lost.</summary>
    public abstract Task<bool> ReleaseAsync(LeasedWork lease);

    /// <summary>Takes an end to tell its engine of; null where none is due.</summary>
    public abstract Task<EndedWork?> TakeEndAsync();

    /// <summary>Saves how it was told.</summary>
    public abstract Task SaveEndAsync(EndedWork ended, EndTold told);

    /// <summary>Shows that it lives; false where it was declared dead.</summary>
    public abstract Task<bool> RenewAsync();

    /// <summary>The others that it knows of, as they have shown themselves last.</summary>
    public abstract Task<IReadOnlyList<WorkerRow>> OthersAsync();

    /// <summary>Declares another dead and takes over what it held; null where that has shown itself since.</summary>
    public abstract Task<int?> RescueAsync(WorkerRow dead, TimeSpan backoff = default);

    /// <summary>Leaves as a worker does that ends.</summary>
    public abstract Task LeaveAsync();

    /// <summary>Its process ends without a word, and others can know.</summary>
    public abstract void Die();

    /// <summary>Nobody can know whether it lives.</summary>
    public abstract void Vanish();

    public abstract void Dispose();

    /// <summary>Commits a step that brought a state, and goes on with the lease where it kept it.</summary>
    public async Task<CommitResult> CommitAsync(LeasedWork lease, OutcomeKind kind, object state, long delayMs = 0, bool keeps = false)
    {
        Snapshot next = lease.Version == 0 ? Snapshot.First(lease.Item, state) : lease.Snapshot!.Next(state);
        next = next.Accepted(1, lease.CreatedAt, TimeSpan.FromMilliseconds(delayMs));
        string? reason = kind == OutcomeKind.Fail ? "It gave up." : null;
        var commit = new StepCommit(lease, kind, reason, delayMs, next, SHA256.HashData(next.Utf8.Span), 1, null);
        CommitResult result = await CommitAsync(commit, keeps);
        if (result.IsKept) lease.Advance(commit, result);
        return result;
    }
}
