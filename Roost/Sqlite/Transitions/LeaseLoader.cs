using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>Makes the lease of an item that has just been claimed: the item, its state, and what its step has to know.</summary>
internal sealed class LeaseLoader(
    WriteConnection connection, FileIdentity identity, ResourceTable resources, Mailbox mailbox, WaitTable waits, AskTable asks, ChildCounts children)
{
    private const int MostKept = 1024;
    private const int MostKeptBytes = 16 * 1024;

    // The snapshot is taken by the index and by what its row says: a damaged index would lead to another item's.
    private readonly Statement load = connection.Prepare(
        """
        SELECT w.id, w.created_at, i.payload, i.nonce, i.branch, i.depth, i.timeout_ms, i.max_attempts, i.idempotency_key,
               s.state_version, s.step, s.data, s.sha256, s.at, s.delay_ms, p.id, i.payload_sha256,
               i.max_steps, i.steps_from, i.trace
        FROM roost_work w
        LEFT JOIN roost_work_input i ON i.work = w.key
        LEFT JOIN roost_snapshot s ON s.key = (SELECT key FROM roost_snapshot WHERE work = w.key AND version = w.version)
                                  AND +s.work = w.key AND +s.version = w.version
        LEFT JOIN roost_work p ON p.key = w.parent
        WHERE w.key = ?1
        """);

    /// <summary>
    /// What was known of items that have gone back behind their equals, by key. A version's snapshot never changes, nor does what else is taken from
    /// here, so that the version alone says whether it still holds; a rollback empties it, for its versions may not have come to be.
    /// </summary>
    private readonly Dictionary<long, (LeasedWork Lease, Snapshot Next)> kept = [];

    /// <param name="row">As it runs.</param>
    /// <param name="lane">Its lane.</param>
    /// <param name="ledger">Whose slot it has.</param>
    /// <param name="seen">Up to which signal its step sees.</param>
    /// <param name="isTried">A try of its step has been begun before.</param>
    public LeasedWork Load(in WorkRow row, Lane lane, SlotLedger ledger, long seen, bool isTried)
    {
        LeasedWork lease = kept.Remove(row.Key, out (LeasedWork Lease, Snapshot Next) known) && known.Next.Version == row.Version
            ? known.Lease.Again(FactsOf(row, lane, ledger, isTried), row.Priority, known.Next)
            : Read(row, lane, ledger, isTried);
        if (row.HasMail) (lease.SignalsSeen, lease.Wake) = (seen, WakeOf(row, lease.Item.Id));
        return lease;
    }

    private Wake? WakeOf(in WorkRow row, string workId)
    {
        if (waits.Load(row) is not { WokenAt: { } at } wait) return null;
        Signal? signal = wait.Signal is { } key ? mailbox.Load(row.Key, workId, key) ?? throw WaitTable.Damaged() : null;
        Answer? answer = wait.Wake == WakeKind.Answer ? asks.AnswerTo(wait.Ask!.Value, workId) ?? throw WaitTable.Damaged() : null;
        return new()
        {
            Kind = wait.Wake!.Value,
            At = StoredTime.Read(at),
            Signal = signal,
            Answer = answer,
            Children = wait.SeenEnd is { } last ? ProgressOf(row.Key, last, wait.SeenOpen!.Value) : null,
        };
    }

    private ChildProgress ProgressOf(long work, long last, long open)
    {
        long shown = children.Load(work).Shown;
        return new() { NewlyEnded = (int)(last - shown), Open = (int)open, Shown = shown, Last = last };
    }

    /// <summary>An item goes back behind its equals: what it will need for its next step is kept at hand.</summary>
    public void Keep(LeasedWork lease, Snapshot next)
    {
        if (lease.LastVersion is not null) return; // A retry moves it.
        int bytes = lease.Item.PayloadUtf8(int.MaxValue).Length + (lease.Snapshot?.Utf8.Length ?? 0) + next.Utf8.Length;
        if (bytes > MostKeptBytes) return;
        if (kept.Count >= MostKept) kept.Clear();
        kept[lease.WorkKey] = (lease, next);
    }

    public void Forget() => kept.Clear();

    private LeaseFacts FactsOf(in WorkRow row, Lane lane, SlotLedger ledger, bool isTried) => new()
    {
        WorkKey = row.Key,
        WorkerKey = row.Worker!.Value,
        Slots = ledger,
        Lane = lane,
        Token = row.Token!.Value,
        Version = row.Version,
        Failures = row.Failures,
        Interruptions = row.Interruptions,
        RetryAfters = row.RetryAfters,
        Unchanged = row.Unchanged,
        Solo = row.Solo,
        ResourceCount = row.ResourceCount,
        Deadline = row.Deadline,
        CancelRequested = row.CancelRequested,
        HasMail = row.HasMail,
        IsTried = isTried,
        SlotTaken = (connection.Options.TimeProvider.GetTimestamp(), connection.WaitedForTurns),
    };

    private LeasedWork Read(in WorkRow row, Lane lane, SlotLedger ledger, bool isTried)
    {
        load.Bind(1, row.Key).Step();
        WorkItem item = ItemOf(row, lane);
        var lease = new LeasedWork(FactsOf(row, lane, ledger, isTried))
        {
            FileId = identity.FileId,
            Item = item,
            Snapshot = row.Version == 0 ? null : SnapshotOf(item, row.Version),
            PayloadHash = load.IsNull(2) ? [] : load.IsNull(16) ? null : load.Bytes(16).ToArray(), // Nothing matches none.
            SnapshotHash = row.Version == 0 || load.IsNull(12) ? null : load.Bytes(12).ToArray(),
            CreatedAt = StoredTime.Read(load.Int64(1)),
            Nonce = load.Int64(3),
            Branch = load.Int32(4),
            Depth = load.Int32(5),
            Trace = load.NullableText(19) is { } origin ? new(origin) : null,
            LastVersion = item.MaxSteps is { } steps ? (int)Math.Min(int.MaxValue, load.Int64(18) + steps) : null,
        };
        load.Reset();
        return lease;
    }

    /// <summary>What an engine is told of an item that has ended.</summary>
    public EndedWork LoadEnded(in WorkRow row, Lane lane, long nonce, int attempt, string? reason, string? error)
    {
        load.Bind(1, row.Key).Step();
        WorkItem item = ItemOf(row, lane);
        Snapshot? snapshot = row.Version == 0 ? null : SnapshotOf(item, row.Version);
        var ended = new EndedWork(row.Key, nonce, attempt)
        {
            FileId = identity.FileId,
            Item = item,
            State = row.State,
            Reason = reason,
            Error = error,
            Version = row.Version,
            EndedAt = StoredTime.Read(row.EndedAt!.Value),
            Snapshot = snapshot is null || load.IsNull(12) || !Damage.IsWhole(snapshot.Utf8.Span, load.Bytes(12)) ? null : snapshot,
        };
        load.Reset();
        return ended;
    }

    private WorkItem ItemOf(in WorkRow row, Lane lane) => new(lane.Engine)
    {
        Given = new StoredJson(load.Bytes(2).ToArray()),
        Id = load.Text(0),
        Queue = lane.Queue,
        Priority = row.Priority,
        Resources = row.ResourceCount == 0 ? [] : resources.NamesOf(row.Key),
        ResourceHold = row.HoldForLife ? ResourceHold.Life : ResourceHold.Step,
        Deadline = StoredTime.Read(row.Deadline),
        Timeout = load.NullableInt64(6) is { } timeout ? TimeSpan.FromMilliseconds(timeout) : null,
        MaxAttempts = (int?)load.NullableInt64(7),
        MaxSteps = (int?)load.NullableInt64(17),
        IdempotencyKey = load.NullableText(8),
        ParentId = load.NullableText(15),
        Detached = row.Detached,
        Json = connection.Options.Json,
        MaxJsonBytes = connection.Options.MaxJsonBytes,
    };

    /// <summary>Null where the version that the item is at is missing: the step fails as corrupt, and nothing runs on guesses.</summary>
    private Snapshot? SnapshotOf(WorkItem item, int version) => load.IsNull(9) ? null : new()
    {
        WorkId = item.Id,
        Engine = item.Engine,
        Version = version,
        StateVersion = load.Int32(9),
        Step = load.Text(10),
        Utf8 = load.Bytes(11).ToArray(),
        CreatedAt = StoredTime.Read(load.Int64(1)),
        UpdatedAt = StoredTime.Read(load.Int64(13)),
        Delay = TimeSpan.FromMilliseconds(load.Int64(14)),
        Json = connection.Options.Json,
        MaxJsonBytes = connection.Options.MaxJsonBytes,
    };
}
