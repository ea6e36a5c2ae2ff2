using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>Makes the lease of an item that has just been claimed: the item, its state, and what its step has to know.</summary>
internal sealed class LeaseLoader(
    WriteConnection connection, FileIdentity identity, ResourceTable resources, Mailbox mailbox, WaitTable waits, AskTable asks, ChildCounts children)
{
    private const int MostKept = 1024;
    private const long MostKeptBytes = 64L * 1024 * 1024;

    // The snapshot is taken by the index and by what its row says: a damaged index would lead to another item's.
    private readonly Statement load = connection.Prepare(
        """
        SELECT w.id, w.created_at, i.payload, i.nonce, i.branch, i.depth, i.timeout_ms, i.max_attempts, i.idempotency_key,
               s.state_version, s.step, s.data, s.sha256, s.at, s.delay_ms, p.id, i.payload_sha256,
               i.max_steps, i.steps_from, i.trace, s.whole, i.differences, i.records
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
    private readonly Dictionary<long, Kept> kept = [];
    private long keptBytes;

    private readonly record struct Kept(LeasedWork Lease, Snapshot Next, StateForm Form)
    {
        public long Bytes => Lease.Item.PayloadUtf8(int.MaxValue).Length + (Lease.Snapshot?.Utf8.Length ?? 0) + Next.Utf8.Length;
    }

    private readonly StoredState differences = new(connection.Prepare(StoredState.RowsSql));

    /// <param name="row">As it runs.</param>
    /// <param name="lane">Its lane.</param>
    /// <param name="ledger">Whose slot it has.</param>
    /// <param name="seen">Up to which signal its step sees.</param>
    /// <param name="isTried">A try of its step has been begun before.</param>
    public LeasedWork Load(in WorkRow row, Lane lane, SlotLedger ledger, long seen, bool isTried)
    {
        LeasedWork lease = Take(row.Key) is { } known && known.Next.Version == row.Version
            ? known.Lease.Again(FactsOf(row, lane, ledger, isTried), row.Priority, known.Next, known.Form)
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
            WithdrawalTrace = wait.Wake == WakeKind.Withdrawn ? asks.WithdrawalTrace(wait.Ask!.Value) : null,
        };
    }

    private ChildProgress ProgressOf(long work, long last, long open)
    {
        long shown = children.Load(work).Shown;
        return new() { NewlyEnded = (int)(last - shown), Open = (int)open, Shown = shown, Last = last };
    }

    /// <summary>An item goes back behind its equals: what it will need for its next step is kept at hand.</summary>
    public void Keep(StepCommit commit)
    {
        if (commit.Lease.LastVersion is not null) return; // A retry moves it.
        var next = new Kept(commit.Lease, commit.Next!, commit.Form!.Value);
        if (next.Bytes > MostKeptBytes) return;
        if (kept.Count >= MostKept || keptBytes + next.Bytes > MostKeptBytes) Forget();
        Take(commit.Lease.WorkKey);
        kept.Add(commit.Lease.WorkKey, next);
        keptBytes += next.Bytes;
    }

    public void Forget()
    {
        kept.Clear();
        keptBytes = 0;
    }

    private Kept? Take(long key)
    {
        if (!kept.Remove(key, out Kept known)) return null;
        keptBytes -= known.Bytes;
        return known;
    }

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
        Loaded state = row.Version == 0 ? default : StateOf(row.Key, item, row.Version);
        bool isGone = load.IsNull(2); // That is told when the payload is read; nothing else of its row is missed.
        var lease = new LeasedWork(FactsOf(row, lane, ledger, isTried))
        {
            FileId = identity.FileId,
            Item = item,
            Snapshot = state.Snapshot,
            SnapshotFault = state.Fault,
            SnapshotHash = state.Hash,
            Base = state.Base,
            HasDifferences = !isGone && load.Int32(21) != 0,
            HasRecords = !isGone && load.Int32(22) != 0,
            PayloadHash = isGone ? [] : load.IsNull(16) ? null : load.Bytes(16).ToArray(), // Nothing matches none.
            CreatedAt = StoredTime.Read(load.Int64(1)),
            Nonce = isGone ? 0 : load.Int64(3),
            Branch = isGone ? 0 : load.Int32(4),
            Depth = isGone ? 0 : load.Int32(5),
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
        Loaded state = row.Version == 0 ? default : StateOf(row.Key, item, row.Version);
        var ended = new EndedWork(row.Key, nonce, attempt)
        {
            FileId = identity.FileId,
            Item = item,
            State = row.State,
            Reason = reason,
            Error = error,
            Version = row.Version,
            EndedAt = StoredTime.Read(row.EndedAt!.Value),
            Snapshot = state.Hash is null || Damage.IsWhole(state.Snapshot!.Utf8.Span, state.Hash) ? state.Snapshot : null,
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

    /// <summary>The state that the item is at. Where it is missing or cannot be had, its step fails as corrupt, and nothing runs on guesses.</summary>
    /// <param name="Snapshot">The version, if it is there.</param>
    /// <param name="Hash">What it has yet to be held against.</param>
    /// <param name="Base">What the next version can be a difference from.</param>
    /// <param name="Fault">Why it cannot be had, where it is not missing.</param>
    private readonly record struct Loaded(Snapshot? Snapshot, byte[]? Hash, StateBase Base, string? Fault);

    private Loaded StateOf(long work, WorkItem item, int version)
    {
        if (load.IsNull(9)) return default;
        ReadOnlySpan<byte> hash = load.Bytes(12);
        if (load.IsNull(20))
        {
            byte[] whole = load.Bytes(11).ToArray();
            return new(SnapshotOf(item, version, whole), hash.ToArray(), new(version, whole.Length), null);
        }
        int from = load.Int32(20);
        StoredState.Found found = differences.Read(work, item.Id, from, version, hash);
        return found.Utf8 is { } utf8
            ? new(SnapshotOf(item, version, utf8), null, new(from, (int)Math.Min(int.MaxValue, found.Bytes)), null)
            : new(null, null, default, found.Fault);
    }

    private Snapshot SnapshotOf(WorkItem item, int version, byte[] utf8) => new()
    {
        WorkId = item.Id,
        Engine = item.Engine,
        Version = version,
        StateVersion = load.Int32(9),
        Step = load.Text(10),
        Utf8 = utf8,
        CreatedAt = StoredTime.Read(load.Int64(1)),
        UpdatedAt = StoredTime.Read(load.Int64(13)),
        Delay = TimeSpan.FromMilliseconds(load.Int64(14)),
        Json = connection.Options.Json,
        MaxJsonBytes = connection.Options.MaxJsonBytes,
    };
}
