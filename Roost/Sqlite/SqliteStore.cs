using Microsoft.Extensions.Logging;
using Roost.Native;
using Roost.Observing;
using Roost.Sqlite.Checks;
using Roost.Sqlite.Files;
using Roost.Sqlite.Queries;
using Roost.Sqlite.Tables;
using Roost.Sqlite.Transitions;
using Roost.Sqlite.Writing;
using Roost.Stores;

namespace Roost.Sqlite;

/// <summary>Work in one SQLite file: each verb as one request to the writer.</summary>
internal sealed class SqliteStore : Store
{
    private const int PurgeAtOnce = 500;

    private readonly string path;
    private readonly RoostOptions options;
    private readonly ILogger log;
    private readonly Reader reader;
    private readonly ArtifactStore artifacts;

    public static Store Open(string path, RoostOptions options, ILogger log) => new SqliteStore(path, options, log);

    public SqliteStore(string path, RoostOptions options, ILogger log)
    {
        (this.path, this.options, this.log) = (path, options, log);
        Database.Prepare(path, options);
        Writer = new(path, options, log);
        reader = new(path, options, Writer);
        artifacts = new(Writer);
        Reads = new SqliteReads(path, options, reader, Writer.Clock);
    }

    /// <summary>The store of a runtime, for tests and benchmarks of this file.</summary>
    public static SqliteStore Of(RoostRuntime runtime) => (SqliteStore)runtime.Store;

    public Writer Writer { get; }

    public override Clock Clock => Writer.Clock;

    public override StoreReads Reads { get; }

    public override Pulse Changed => Writer.Changed;

    public override Pulse Ended => Writer.Ended;

    public override Pulse Said => Writer.Said;

    public override Task Stopped => Writer.Stopped;

    public override long LogSize => Database.LogSize(path);

    public override void ThrowIfStopped() => Writer.ThrowIfStopped();

    public override IDisposable Watch() => Writer.Watch();

    public override Task<IReadOnlyList<EnqueueResult>> EnqueueAsync(IReadOnlyList<NewWork> works) => ChangeAsync<IReadOnlyList<EnqueueResult>>(session =>
    {
        var results = new EnqueueResult[works.Count];
        for (int i = 0; i < results.Length; i++) results[i] = session.Enqueue.Execute(works[i]);
        return results;
    }, works.Sum(work => work.Bytes));

    public override Task<SignalResult> SignalAsync(SignalTarget target, NewSignal signal) => ChangeAsync(session =>
    {
        WorkRow? row = session.Waits.IdOf(target) is { } id ? session.Work.Find(id) : null;
        if (row is not { } found) throw NoSuchItem(target.ToString(), path);
        string workId = target.WorkId ?? session.Work.Id(found.Key);
        return new SignalResult(workId, session.Waits.Signal(found, workId, signal, sender: null));
    }, signal.Bytes);

    public override async Task<AnswerResult> AnswerAsync(string askId, NewAnswer answer)
    {
        (string workId, bool? isNew) = await ChangeAsync(session =>
        {
            StoredAsk ask = session.Asks.Find(askId) ?? throw AskQueries.NoSuchAsk(askId, path);
            return (session.Work.Id(ask.Work), ask.Effect is null ? session.Waits.Answer(ask, answer) : session.EffectAsks.Answer(ask, answer));
        }, answer.Bytes).ConfigureAwait(false);
        if (isNew is { } created) return new(workId, created);
        AskInfo closed = await Reads.AskAsync(askId, CancellationToken.None).ConfigureAwait(false);
        throw new AskClosedException(closed, AskQueries.WhyClosed(closed));
    }

    public override Task<(EnqueueResult Item, bool IsNewSignal)> EnqueueAndSignalAsync(NewWork work, NewSignal signal) => ChangeAsync(session =>
    {
        EnqueueResult item = session.Enqueue.Execute(work);
        return (item, session.Waits.Signal(session.Work.Find(item.Id)!.Value, item.Id, signal, sender: null));
    }, work.Bytes + signal.Bytes);

    public override Task RunAgainAsync(string workId, NewWork again, byte[] told) => ChangeAsync(session =>
    {
        session.Operator.RunAgain(session.Work.Find(workId) ?? throw NoSuchItem(workId, path), workId, again, told);
        return true;
    }, again.Bytes);

    public override Task<(bool IsCancelled, long? Lease, bool HasTree)> CancelAsync(string workId, string? reason) =>
        ChangeAsync(workId, (session, row) => (session.Endings.Cancel(row, reason), row.Token, session.Trees.IsAny));

    public override Task<bool> CancelTreesAsync() => ChangeAsync(session => session.Trees.WorkOff());

    public override Task<bool> RequeueNowAsync(string workId, string? reason) =>
        ChangeAsync(workId, (session, row) => session.Operator.RequeueNow(row, workId, reason));

    public override Task<bool> SetPriorityAsync(string workId, int priority, string? reason) =>
        ChangeAsync(workId, (session, row) => session.Operator.SetPriority(row, workId, priority, reason));

    public override Task<bool> PauseAsync(PauseTarget target, NewPause pause) => target.Scope == PauseScope.Item
        ? ChangeAsync(target.Name!, (session, row) => session.Pausing.Pause(row, target, pause))
        : ChangeAsync(session => session.Pausing.Pause(target, pause, path));

    public override Task<bool> ResumeAsync(PauseTarget target, string by, string? reason) => target.Scope == PauseScope.Item
        ? ChangeAsync(target.Name!, (session, row) => session.Pausing.Resume(row, target, by, reason))
        : ChangeAsync(session => session.Pausing.Resume(target, by, reason));

    public override Task<(long Lease, bool HasTree)> ReleaseLeaseAsync(string workId, string? reason) => ChangeAsync(workId, (session, row) =>
    {
        session.Operator.ReleaseByForce(row, workId, reason);
        return (row.Token!.Value, session.Trees.IsAny);
    });

    public override Task<bool> ChangeDeadLetterAsync(string workId, DeadLetterChange change, string? reason) => ChangeAsync(workId, (session, row) =>
    {
        if (row.State != WorkState.Failed) throw NoDeadLetter(workId, row.State);
        Change(session, row, change, reason);
        return session.Trees.IsAny;
    });

    /// <summary>Only where it is still the failure that was found: since then somebody may have retried it, or it may have failed anew.</summary>
    public override Task<int> ChangeDeadLettersAsync(IReadOnlyCollection<Position> found, DeadLetterChange change, string? reason) => ChangeAsync(session =>
    {
        int changed = 0;
        foreach (Position place in found)
        {
            if (session.Work.Load(place.Key) is not { State: WorkState.Failed } row || row.UpdatedAt != place.At) continue;
            Change(session, row, change, reason);
            changed++;
        }
        return changed;
    }, found.Count * 256);

    public override Task RetryAsync(string workId, StateEdit edit, string? reason) => ChangeAsync(session =>
    {
        WorkRow row = session.Work.Find(workId) ?? throw NoSuchItem(workId, path);
        if (row.State != WorkState.Failed) throw NoDeadLetter(workId, row.State);
        session.Endings.Retry(row, workId, edit, reason);
        return true;
    }, edit.Utf8.Length + 256);

    public override async Task<PurgeResult> PurgeAsync(PurgeScope scope, string? reason, CancellationToken cancellationToken)
    {
        long items = 0, kept = 0, pages = 0;
        for (PurgePlace? from = new PurgePlace(0); from is { } place;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            PurgeBatch batch = await ChangeAsync(session => session.Purge.Execute(scope, place, PurgeAtOnce, reason)).ConfigureAwait(false);
            items += batch.Items;
            kept += batch.Kept;
            from = batch.Next;
        }
        for (long given = PurgeTransition.PagesAtOnce; items > 0 && given > 0; pages += given)
        {
            cancellationToken.ThrowIfCancellationRequested();
            given = await ChangeAsync(session => session.Purge.ShrinkFile()).ConfigureAwait(false);
        }
        long freed = pages == 0 ? 0 : pages * await Task.Run(() => Database.Checkpoint(path, options), CancellationToken.None).ConfigureAwait(false);
        return new() { Items = items, KeptForParents = kept, FreedBytes = freed };
    }

    public override Task AdoptAsync(string? reason, bool restore) => Writer.RunAsync(session => session.Operator.Adopt(reason, restore));

    public override Task BackupAsync(string target, CancellationToken cancellationToken)
    {
        string folder = System.IO.Path.GetDirectoryName(target) ?? target;
        if (!Directory.Exists(folder)) throw new FileRefusedException(FileRefusal.NoPlace, $"The folder {folder} does not exist; create it first.");
        // A log of another file of that name would be replayed into the copy.
        foreach (string there in new[] { target, $"{target}-wal", $"{target}-journal" })
            if (System.IO.Path.Exists(there))
                throw new ConflictException($"{there} exists already, and a backup replaces nothing. Name another file, or move that one away.");
        reader.CheckPlace();
        var backup = new Backup(path, options);
        return Task.Run(() =>
        {
            SweepLeftovers(folder);
            backup.Run(target, cancellationToken);
        }, cancellationToken);
    }

    public override Task<bool> SaveEffectAsync(LeasedWork lease, EffectRecord record) =>
        Writer.RunAsync((lease, record), static (session, it) => session.Effects.Save(it.lease, it.record), record.Bytes);

    public override Task<bool> RemoveEffectAsync(LeasedWork lease, string path) => Writer.RunAsync(session => session.Effects.Remove(lease, path));

    public override StepOutput OutputOf(LeasedWork lease) => Writer.Outgoing.Of(lease);

    public override Task FlushAsync(StepOutput output) => Writer.RunAsync(session =>
    {
        Writer.Outgoing.Write(session, output);
        return true;
    });

    public override Task<PinnedBlob> UploadAsync(long worker, Stream content, CancellationToken cancellationToken) =>
        artifacts.UploadAsync(worker, content, cancellationToken);

    public override Task DropUploadAsync(PinnedBlob blob) => artifacts.DropAsync(blob);

    public override async Task<StoreLoop> JoinAsync(IReadOnlyList<EngineFacts> engines, CancellationToken cancellationToken) =>
        await SqliteLoop.JoinAsync(path, options, Writer, reader, engines, log, cancellationToken).ConfigureAwait(false);

    /// <summary>Checks a file that nobody needs to have open.</summary>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    public static Task<IReadOnlyList<FileCheck>> CheckAsync(string path, bool full, CancellationToken cancellationToken)
    {
        string file = RealPath.Of(path);
        if (!File.Exists(file)) throw new NotFoundException($"There is no database {file}.");
        var checkup = new Checkup(file, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);
        return Task.Run(() => checkup.Run(full), cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        reader.Close();
        await Task.Run(Writer.Dispose).ConfigureAwait(false);
    }

    public static ConflictException NoDeadLetter(string workId, WorkState state) =>
        new($"Work item {workId} is {state.Name()}; only a failed one is a dead letter.");

    private static void Change(Session session, in WorkRow row, DeadLetterChange change, string? reason)
    {
        if (change == DeadLetterChange.Discard) session.Endings.Discard(row, reason);
        else session.Endings.Retry(row, reason, fresh: change == DeadLetterChange.RetryFresh);
    }

    /// <summary>Every change but a worker's and an adoption is refused on a backup copy.</summary>
    private Task<T> ChangeAsync<T>(Func<Session, T> change, int bytes = 256) => Writer.RunAsync(session =>
    {
        session.Identity.RefuseCopy(path, "is not changed");
        return change(session);
    }, bytes);

    private Task<T> ChangeAsync<T>(string workId, Func<Session, WorkRow, T> change) =>
        ChangeAsync(session => change(session, session.Work.Find(workId) ?? throw NoSuchItem(workId, path)));

    /// <summary>What killed backups have left takes the space that this one needs.</summary>
    private void SweepLeftovers(string folder)
    {
        try
        {
            Leftovers.Sweeping sweeping = Leftovers.Sweep(folder);
            if (sweeping.Removed.Count > 0)
                log.LeftoversRemoved(sweeping.Removed.Count, sweeping.Bytes, folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LeftoversNotFound(e, folder);
        }
    }
}
