using Roost.Sqlite;
using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>
    /// Removes finished work with its snapshots, events, artifacts and idempotency key, in small transactions that let other writes in between
    /// (what belongs to one item goes in one), then gives the freed space back to the file system. Work that is queued, running or waiting is never
    /// removed, nor is what a parent that has not ended may still want to read. Cancelled half-way, it leaves done what was done. Workspaces are not
    /// touched: remove one with <c>GetWorkspace(id).RemoveAsync()</c> while its id is known.
    /// </summary>
    /// <param name="filter">What to remove.</param>
    /// <param name="dryRun">Counts, and writes nothing.</param>
    /// <param name="reason">Why, for the events; at most 1,000 characters.</param>
    /// <param name="cancellationToken">Stops between two transactions.</param>
    /// <exception cref="InvalidInputException">The age is negative, or a state is none that work ends in.</exception>
    /// <exception cref="FileRefusedException">The file is a backup copy that was not adopted.</exception>
    public async Task<PurgeResult> PurgeAsync(PurgeFilter filter, bool dryRun = false, string? reason = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        CheckReason(reason);
        PurgeScope scope = ScopeOf(filter);
        if (filter.OlderThan == TimeSpan.Zero)
            scope = await Readable.WithWhatHasEndedAsync(scope, cancellationToken).ConfigureAwait(false);
        return dryRun
            ? await Readable.CountPurgedAsync(scope, cancellationToken).ConfigureAwait(false)
            : await Changeable.PurgeAsync(scope, reason, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Copies the whole file as it is at one moment, while work goes on. The copy is a complete data file that only its owner can read, marked
    /// as a copy: it can be opened and looked at, and neither runs nor changes anything until <see cref="AdoptAsync"/>.
    /// </summary>
    /// <param name="path">The file to make. Its folder must exist, the file must not.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="InvalidInputException">The path is empty.</exception>
    /// <exception cref="ConflictException">The file exists already, or a log of an earlier file of that name.</exception>
    /// <exception cref="FileRefusedException">The folder does not exist, or cannot be written.</exception>
    public Task BackupAsync(string path, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        if (string.IsNullOrWhiteSpace(path)) throw new InvalidInputException("path", "is empty; name the file to make, such as \"roost-backup.db\".");
        return Changeable.BackupAsync(System.IO.Path.GetFullPath(path), cancellationToken);
    }

    /// <summary>
    /// Checks a data file without opening a runtime on it: its place, schema, pragmas, integrity, the SHA-256 of everything that has one, the rules that hold
    /// in every file, leases, and engines that nobody serves. Changes nothing in it; files that killed backups or creations have left beside it are removed.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="full">Whether to read the whole file for its integrity, its contents and its rules, which takes long where it is large. Default
    /// true.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Every check that could be made; what cannot be read is an error among them.</returns>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    public static Task<IReadOnlyList<FileCheck>> CheckFileAsync(string path, bool full = true, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return SqliteStore.CheckAsync(path, full, cancellationToken);
    }

    private PurgeScope ScopeOf(PurgeFilter filter)
    {
        if (filter.OlderThan < TimeSpan.Zero)
            throw new InvalidInputException(
                "OlderThan",
                $"is {filter.OlderThan}; it must not be negative. Zero purges everything that has ended in the given states."
            );
        if (filter.States is not { Count: > 0 })
            throw new InvalidInputException("States", "names no state; give done, failed or cancelled, or leave it out for done and cancelled.");
        foreach (WorkState state in filter.States)
            if (!state.IsEnded())
                throw new InvalidInputException("States", $"holds {state}; only done, failed and cancelled work can be purged. Cancel it first.");
        if (filter.Engine is not null)
            Names.Check("Engine", filter.Engine);
        long before = Now.ToUnixTimeMilliseconds() - (long)filter.OlderThan.TotalMilliseconds;
        return new(filter.Engine, [.. filter.States.Distinct()], before);
    }
}
