using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>nothing -> queued.</summary>
internal sealed class EnqueueTransition(
    WriteConnection connection,
    Counters counters,
    Lanes lanes,
    Counts counts,
    ChildCounts children,
    ReadyOrder ready,
    Events events
)
{
    private readonly Statement findKey = connection.Prepare(
        """
        SELECT w.id, i.payload, i.payload_sha256, w.parent
        FROM roost_idempotency k JOIN roost_work w ON w.key = k.work JOIN roost_work_input i ON i.work = k.work
        WHERE k.engine = ?1 AND k.key = ?2
        """);
    private readonly Statement findId = connection.Prepare("SELECT key FROM roost_work WHERE id = ?1");
    private readonly Statement insert = connection.Prepare(
        """
        INSERT INTO roost_work (id, lane, state, priority, version, created_at, updated_at, ready_seq, ready_at, due_at, deadline, parent,
                                resource_count, hold_for_life, delayed_at, detached)
        VALUES (?1, ?2, 'queued', ?3, 0, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) RETURNING key
        """);
    private readonly Statement insertInput = connection.Prepare(
        """
        INSERT INTO roost_work_input (work, payload, nonce, branch, depth, timeout_ms, max_attempts, idempotency_key, payload_sha256, max_steps, trace)
        VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        """);
    private readonly Statement insertKey = connection.Prepare("INSERT INTO roost_idempotency (engine, key, work) VALUES (?1, ?2, ?3)");
    private readonly Statement insertName = connection.Prepare("INSERT INTO roost_work_resource (work, name) VALUES (?1, ?2)");

    /// <summary>Creates the item, or finds the one that has its idempotency key.</summary>
    /// <param name="work">What to create.</param>
    /// <param name="parent">The parent's key, where a step of that adds the item: the item is to be its own.</param>
    /// <param name="depth">How many triggers led here.</param>
    /// <param name="trace">Where it comes from, where that is a step or its end.</param>
    public EnqueueResult Execute(NewWork work, long? parent = null, int depth = 0, string? trace = null)
    {
        WorkItem item = work.Item;
        if (item.IdempotencyKey is { } key && Existing(work, key, parent) is { } known) return new(known, false);
        if (findId.Bind(1, work.Id).Scalar() is not null)
            throw new ConflictException(
                $"Work item {work.Id} exists already. Leave the id out to get a fresh one, or use an idempotency key to enqueue the same work once."
            );
        parent ??= ParentKey(item.ParentId);

        Lane lane = lanes.Get(item.Engine, item.Queue, 0);
        long? dueAt = work.DelayMs is { } delay ? connection.Now + delay : work.DueAt;
        bool isReady = dueAt is not { } due || due <= connection.Now;
        if (isReady) dueAt = null;
        Place? place = isReady ? counters.NextPlace() : null;
        long? deadline = item.Deadline?.ToUnixTimeMilliseconds();
        long created = insert.Bind(1, work.Id).Bind(2, lane.Key).Bind(3, item.Priority).Bind(4, connection.Now)
            .Bind(5, place?.Number).Bind(6, isReady ? connection.Now : null).Bind(7, dueAt)
            .Bind(8, deadline).Bind(9, parent).Bind(10, work.Resources.Count).Bind(11, item.ResourceHold == ResourceHold.Life ? 1 : 0)
            .Bind(12, isReady || work.DelayMs is null ? null : connection.Now).Bind(13, item.Detached ? 1 : 0).Scalar()!.Value;
        insertInput.Bind(1, created).BindText(2, work.Payload).Bind(3, connection.Options.Randomness.NextNonce() ?? Counters.Token()).Bind(4, depth)
            .Bind(5, Milliseconds(item.Timeout)).Bind(6, item.MaxAttempts).Bind(7, item.IdempotencyKey).BindBlob(8, work.PayloadHash)
            .Bind(9, item.MaxSteps).Bind(10, trace ?? work.Trace).Run();
        if (item.IdempotencyKey is not null) insertKey.Bind(1, item.Engine).Bind(2, item.IdempotencyKey).Bind(3, created).Run();
        foreach (string name in work.Resources) insertName.Bind(1, created).Bind(2, name).Run();

        counts.Add(lane.Key, isReady ? Condition.Ready : Condition.Delayed, 1);
        children.Add(parent, item.Detached);
        ready.Add(new() { Key = created, Lane = lane.Key, Priority = item.Priority, ReadyPlace = place, DueAt = dueAt });
        if (deadline is not null) ready.DeadlinesChanged();
        connection.Measured.Enqueued(lane.Key);
        events.Append(EventKinds.Enqueued, created, (work, Delay: dueAt is { } late ? late - connection.Now : 0), static (json, it) =>
        {
            json.WriteString("engine", it.work.Item.Engine);
            if (it.work.Item.Queue != WorkItem.DefaultQueue) json.WriteString("queue", it.work.Item.Queue);
            json.WriteNumber("delay_ms", it.Delay);
            if (it.work.From is not null) json.WriteString("from", it.work.From);
        });
        return new(work.Id, true);
    }

    public static long? Milliseconds(TimeSpan? time) => time is { } value ? (long)Math.Ceiling(value.TotalMilliseconds) : null;

    private string? Existing(NewWork work, string key, long? parent)
    {
        if (!findKey.Bind(1, work.Item.Engine).Bind(2, key).Step()) return null;
        string id = findKey.Text(0);
        byte[] payload = findKey.Bytes(1).ToArray();
        bool isDamaged = !findKey.IsNull(2) && !Damage.IsWhole(payload, findKey.Bytes(2));
        bool isAnothers = parent is not null && !work.Item.Detached && findKey.NullableInt64(3) != parent;
        findKey.Reset();
        if (isDamaged)
            throw new DataCorruptException(Damage.OfPayload(id));
        if (work.IsIdByKey && work.Id != id)
            throw new KeyTakenException(
                $"Work item {id} has taken the idempotency key \"{key}\" of engine \"{work.Item.Engine}\" meanwhile; the step runs again and learns its id."
            );
        if (work.Item.Id.Length > 0 && work.Item.Id != id)
            throw new ConflictException(
                $"The idempotency key \"{key}\" of engine \"{work.Item.Engine}\" belongs to work item {id}, not {work.Item.Id}. Leave the id out, or use " +
                $"another key."
            );
        if (isAnothers)
            throw new ConflictException(
                $"The idempotency key \"{key}\" of engine \"{work.Item.Engine}\" belongs to work item {id}, which is no child of {work.Item.ParentId}: " +
                $"its end would not be counted. Use another key, or set Detached where the item is only to be there."
            );
        if (payload.AsSpan().SequenceEqual(work.Payload) || JsonElement.DeepEquals(JsonText.Parse(payload), JsonText.Parse(work.Payload)))
            return id;
        throw new ConflictException(
            $"The idempotency key \"{key}\" of engine \"{work.Item.Engine}\" belongs to work item {id}, which has another payload. Use the same payload " +
            $"to get that item, or another key for other work."
        );
    }

    private long? ParentKey(string? parentId)
    {
        if (parentId is null) return null;
        return findId.Bind(1, parentId).Scalar()
            ?? throw new InvalidInputException("ParentId", $"there is no work item {parentId}; enqueue the parent first.");
    }
}
