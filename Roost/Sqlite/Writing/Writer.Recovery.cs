using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Roost.Sqlite.Files;

namespace Roost.Sqlite.Writing;

/// <content>What follows a fault: find out what became of the batch, answer its callers truthfully, and go on.</content>
internal sealed partial class Writer
{
    /// <summary>
    /// After a storage fault: either it is certain that nothing was written, and the callers learn why; or a commit was cut off, and the file
    /// is opened anew to find out what became of it. What is known not to have landed runs again. True where the batch has landed.
    /// </summary>
    private bool Recover(SqliteException fault, int runsAgain)
    {
        bool landed = FindOut(fault, runsAgain);
        if (StorageFault.IsLasting(fault)) Suspect(fault);
        return landed;
    }

    private bool FindOut(SqliteException fault, int runsAgain)
    {
        log.LogError(fault, "Roost could not write {Path}: {Message}", path, fault.Message);
        if (session is not { Connection.CommitUnderWay: true } failed || StorageFault.IsDefinite(fault))
        {
            Slots?.RolledBack();
            if (session?.TryRollback() != true || !StorageFault.IsDefinite(fault)) CloseSession();
            FailBatch(evidence.Explain(fault));
            return false;
        }
        CloseSession();
        bool? landed = FateOf(failed.Counters.WriterKey, failed.Counters.Batch);
        if (landed == true)
        {
            session!.Endings.AnyEnded = true;
            Landed();
            return true;
        }
        Slots?.RolledBack();
        if (landed is null)
        {
            Interlocked.Increment(ref doubts);
            FailBatch(new OutcomeUnknownException($"A commit to {path} failed ({fault.Message}) and the file could not be opened again to find out whether it landed. Read the item back before trying again.", fault));
            return false;
        }
        if (runsAgain > 0) return ProcessAgain(runsAgain - 1);
        FailBatch(evidence.Explain(fault));
        return false;
    }

    private bool ProcessAgain(int runsAgain)
    {
        try
        {
            RunBatch();
        }
        catch (SqliteException e) when (StorageFault.IsOne(e))
        {
            return Recover(e, runsAgain);
        }
        catch (Exception e)
        {
            return Refuse(e);
        }
        Landed();
        return true;
    }

    /// <summary>Something that no request did and no disk: the callers learn it, and the next batch begins on a fresh connection.</summary>
    private bool Refuse(Exception e)
    {
        log.LogError(e, "Roost could not write {Path}: {Message}", path, e.Message);
        Slots?.RolledBack();
        bool unknown = session is { Connection.CommitUnderWay: true };
        FileRefusedException? refusal = session?.Refusal;
        CloseSession();
        if (unknown) Interlocked.Increment(ref doubts);
        FailBatch(unknown
            ? new OutcomeUnknownException($"A commit to {path} failed ({e.Message}); whether it landed is not known. Read the item back before trying again.", e)
            : evidence.Explain(e));
        if (refusal is not null) Stop(() => Evidence.Again(refusal));
        return false;
    }

    /// <summary>
    /// Opens the file anew and commits on top of what is there, so that what a read sees can neither vanish nor come back; then the number
    /// of this writer's last batch says whether the failed one landed. Null where even that fails.
    /// </summary>
    private bool? FateOf(long writerKey, long batchNumber)
    {
        for (int attempt = 0; attempt < 5; attempt++)
        {
            if (!IsInPlace(lookNow: true)) return null;
            try
            {
                var fresh = new Session(path, options, Clock);
                session = fresh;
                return fresh.BarrierAfter(writerKey) >= batchNumber;
            }
            catch (Exception e) when (e is SqliteException or RoostException or IOException or UnauthorizedAccessException)
            {
                log.LogError(e, "Roost could not open {Path} again", path);
                CloseSession();
                Thread.Sleep(100 << attempt);
            }
        }
        return null;
    }

    private void CloseSession()
    {
        Session? closing = session;
        session = null;
        noticed = 0;
        closing?.Abandon();
    }

    private void FailBatch(Exception exception)
    {
        foreach (WriteRequest request in batch) request.Fail(exception);
        claimed.Clear();
    }
}
