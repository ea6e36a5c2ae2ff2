using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>
/// The one door through which a work item changes its state. Every save is fenced by the token and version that were read,
/// checked against the table of states, and counted.
/// </summary>
internal sealed class WorkTable(WriteConnection connection, Counts counts, ChildCounts children, ReadyOrder ready)
{
    private const string Columns =
        """
        key, lane, state, priority, version, updated_at, ended_at, ready_seq, ready_at, due_at, blocked_on, place, solo, worker, token, claimed_at,
        failures, interruptions, park_interrupted, cancel_requested, cancel_reason, deadline, resource_count, hold_for_life, delayed_at, unchanged, parent,
        acquitted
        """;

    private readonly Statement load = connection.Prepare($"SELECT {Columns} FROM roost_work WHERE key = ?1");
    private readonly Statement find = connection.Prepare($"SELECT {Columns} FROM roost_work WHERE key = (SELECT key FROM roost_work WHERE id = ?1) AND +id = ?1");
    private readonly Statement save = connection.Prepare(
        """
        UPDATE roost_work SET
            lane = ?4, state = ?5, priority = ?6, version = ?7, updated_at = ?8, ended_at = ?9, ready_seq = ?10, ready_at = ?11, due_at = ?12,
            blocked_on = ?13, place = ?14, solo = ?15, worker = ?16, token = ?17, claimed_at = ?18, failures = ?19, interruptions = ?20,
            park_interrupted = ?21, cancel_requested = ?22, cancel_reason = ?23, delayed_at = ?24, unchanged = ?25, acquitted = ?26
        WHERE key = ?1 AND token IS ?2 AND version = ?3
        """);
    private readonly Statement keep = connection.Prepare(
        "UPDATE roost_work SET version = ?3 + 1 WHERE key = ?1 AND token = ?2 AND version = ?3 AND cancel_requested = 0");
    private readonly Statement keepAnew = connection.Prepare(
        "UPDATE roost_work SET version = ?3 + 1, failures = 0, interruptions = 0, acquitted = 0, unchanged = ?4 WHERE key = ?1 AND token = ?2 AND version = ?3 AND cancel_requested = 0");
    private readonly Statement setLane = connection.Prepare("UPDATE roost_work SET lane = ?2 WHERE key = ?1");
    private readonly Statement liftDeadline = connection.Prepare("UPDATE roost_work SET deadline = NULL WHERE key = ?1");
    private readonly Statement id = connection.Prepare("SELECT id FROM roost_work WHERE key = ?1");

    /// <summary>An item that may go on though its deadline has passed.</summary>
    public void LiftDeadline(long key)
    {
        liftDeadline.Bind(1, key).Run();
        ready.DeadlinesChanged();
    }

    public WorkRow? Load(long key) => Read(load.Bind(1, key));

    /// <summary>The row as long as it is still this lease's, at its version; null once the lease is lost.</summary>
    public WorkRow? LoadHeld(LeasedWork lease) =>
        Load(lease.WorkKey) is { } row && row.Token == lease.Token && row.Version == lease.Version ? row : null;

    public WorkRow? Find(string workId) => Read(find.Bind(1, workId));

    public string Id(long key)
    {
        id.Bind(1, key).Step();
        string text = id.Text(0);
        id.Reset();
        return text;
    }

    /// <summary>Saves the row as it shall be; false where token or version are no longer those that were read.</summary>
    public bool Save(in WorkRow before, in WorkRow after)
    {
        if (!WorkStates.IsAllowed(before.State, after.State))
            throw new InvalidOperationException($"Work item {Id(before.Key)} cannot go from {before.State.Name()} to {after.State.Name()}.");
        save.Bind(1, before.Key).Bind(2, before.Token).Bind(3, before.Version)
            .Bind(4, after.Lane).Bind(5, after.State.Name()).Bind(6, after.Priority).Bind(7, after.Version)
            .Bind(8, connection.Now).Bind(9, after.EndedAt).Bind(10, after.ReadySeq).Bind(11, after.ReadyAt).Bind(12, after.DueAt)
            .Bind(13, after.BlockedOn).Bind(14, after.Place).Bind(15, after.Solo ? 1 : 0).Bind(16, after.Worker).Bind(17, after.Token)
            .Bind(18, after.ClaimedAt).Bind(19, after.Failures).Bind(20, after.Interruptions).Bind(21, after.ParkInterrupted ? 1 : 0)
            .Bind(22, after.CancelRequested ? 1 : 0).Bind(23, after.CancelReason).Bind(24, after.DelayedAt).Bind(25, after.Unchanged).Bind(26, after.Acquitted);
        if (save.Run() == 0) return false;
        counts.Add(before.Lane, before.Condition, -1);
        counts.Add(after.Lane, after.Condition, 1);
        children.Move(before.Parent, before.State, after.State);
        ready.Left(before);
        ready.Came(after);
        return true;
    }

    /// <summary>Goes on with the same lease at the next version, touching no indexed column. False: displaced, or asked to cancel.</summary>
    public bool Keep(LeasedWork lease, Lane lane, int unchanged)
    {
        bool asBefore = lease.Failures == 0 && lease.Interruptions == 0 && lease.Unchanged == unchanged;
        if ((asBefore ? keep : keepAnew.Bind(4, unchanged)).Bind(1, lease.WorkKey).Bind(2, lease.Token).Bind(3, lease.Version).Run() == 0) return false;
        if (lane.Key == lease.Lane.Key) return true;
        setLane.Bind(1, lease.WorkKey).Bind(2, lane.Key).Run();
        counts.Add(lease.Lane.Key, Condition.Running, -1);
        counts.Add(lane.Key, Condition.Running, 1);
        return true;
    }

    private static WorkRow? Read(Statement row)
    {
        if (!row.Step()) return null;
        var read = new WorkRow
        {
            Key = row.Int64(0),
            Lane = row.Int64(1),
            State = WorkStates.Parse(row.Bytes(2)),
            Priority = row.Int32(3),
            Version = row.Int32(4),
            UpdatedAt = row.Int64(5),
            EndedAt = row.NullableInt64(6),
            ReadySeq = row.NullableInt64(7),
            ReadyAt = row.NullableInt64(8),
            DueAt = row.NullableInt64(9),
            BlockedOn = row.NullableText(10),
            Place = row.NullableInt64(11),
            Solo = row.Int32(12) != 0,
            Worker = row.NullableInt64(13),
            Token = row.NullableInt64(14),
            ClaimedAt = row.NullableInt64(15),
            Failures = row.Int32(16),
            Interruptions = row.Int32(17),
            ParkInterrupted = row.Int32(18) != 0,
            CancelRequested = row.Int32(19) != 0,
            CancelReason = row.NullableText(20),
            Deadline = row.NullableInt64(21),
            ResourceCount = row.Int32(22),
            HoldForLife = row.Int32(23) != 0,
            DelayedAt = row.NullableInt64(24),
            Unchanged = row.Int32(25),
            Parent = row.NullableInt64(26),
            Acquitted = row.Int32(27),
        };
        row.Reset();
        return read;
    }
}
