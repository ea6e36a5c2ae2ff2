using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Writing;

/// <summary>What became of a batch.</summary>
internal enum BatchFate
{
    /// <summary>It is on the disk.</summary>
    Landed,

    /// <summary>Its callers know why it is not, or that nobody knows; or they wait for another process.</summary>
    Failed,

    /// <summary>It is known not to have landed, and runs again.</summary>
    RunsAgain,
}

/// <summary>What follows a fault: find out what became of the batch, answer its callers truthfully, and go on.</summary>
internal sealed class Recovery(string path, Demand demand, SessionHolder sessions, FileGuard guard, Evidence evidence, ILogger log)
{
    private const int MostOpenings = 5;

    private int doubts;

    /// <summary>How often nobody could tell whether a commit had landed: the file may hold leases that no step here knows of.</summary>
    public int Doubts => Volatile.Read(ref doubts);

    /// <summary>
    /// After a storage fault: either it is certain that nothing was written, and the callers learn why; or a commit was cut off, and the file
    /// is opened anew to find out what became of it.
    /// </summary>
    public BatchFate AfterStorageFault(SqliteException fault, Batch batch, bool mayRunAgain)
    {
        log.NotWritten(fault, path, fault.Message);
        if (sessions.Current is not { Connection.CommitUnderWay: true } failed || StorageFault.IsDefinite(fault))
        {
            demand.Slots?.RolledBack();
            if (sessions.Current?.TryRollback() != true || !StorageFault.IsDefinite(fault)) sessions.Abandon();
            batch.Fail(evidence.Explain(fault));
            return BatchFate.Failed;
        }
        sessions.Abandon();
        bool? landed = HasLanded(failed.Counters.WriterKey, failed.Counters.Batch);
        if (landed == true)
        {
            sessions.Current!.Exit.AnyEnded = true;
            return BatchFate.Landed;
        }
        demand.Slots?.RolledBack();
        if (landed == false && mayRunAgain)
            return BatchFate.RunsAgain;
        if (landed is null)
            Interlocked.Increment(ref doubts);
        batch.Fail(
            landed == false
                ? evidence.Explain(fault)
                : new OutcomeUnknownException(
                    $"A commit to {path} failed ({fault.Message}) and the file could not be opened again to find out whether it landed. Read the item " +
                    $"back before trying again.",
                    fault
                )
        );
        return BatchFate.Failed;
    }

    /// <summary>Something that no request did and no disk: the callers learn it, and the next batch begins on a fresh connection.</summary>
    public BatchFate AfterError(Exception e, Batch batch)
    {
        log.NotWritten(e, path, e.Message);
        demand.Slots?.RolledBack();
        bool unknown = sessions.Current is { Connection.CommitUnderWay: true };
        FileRefusedException? refusal = sessions.Current?.Refusal;
        sessions.Abandon();
        if (unknown)
            Interlocked.Increment(ref doubts);
        batch.Fail(
            unknown
                ? new OutcomeUnknownException(
                    $"A commit to {path} failed ({e.Message}); whether it landed is not known. Read the item back before trying again.",
                    e
                )
                : evidence.Explain(e)
        );
        if (refusal is not null)
            guard.StopFor(refusal);
        return BatchFate.Failed;
    }

    /// <summary>
    /// Opens the file anew and commits on top of what is there, so that what a read sees can neither vanish nor come back; then the number
    /// of this writer's last batch says whether the failed one landed. Null where even that fails.
    /// </summary>
    private bool? HasLanded(long writerKey, long batchNumber)
    {
        for (int attempt = 0; attempt < MostOpenings; attempt++)
        {
            if (!guard.IsInPlace(lookNow: true)) return null;
            try
            {
                return sessions.Open().BarrierAfter(writerKey) >= batchNumber;
            }
            catch (Exception e) when (e is SqliteException or RoostException or IOException or UnauthorizedAccessException)
            {
                log.NotReopened(e, path);
                sessions.Abandon();
                Thread.Sleep(100 << attempt);
            }
        }
        return null;
    }
}
