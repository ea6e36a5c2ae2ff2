using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>
/// The one door through which a work item changes its state; it comes by an enqueue, goes by a purge, and what becomes due is promoted by the thousand
/// (<see cref="ReadyOrder"/>). Every save is fenced by the token and version that were read, checked against the table of states, and counted.
/// </summary>
internal sealed class WorkTable(WriteConnection connection, Counts counts, ChildCounts children, ReadyOrder ready, PauseTable pauses)
{
    /// <summary>
    /// The columns that transitions read, each once: its name in SQL, its number in a row that is read, and in <see cref="save"/> behind what fences it.
    /// </summary>
    private enum Column
    {
        Key,
        Lane,
        State,
        Priority,
        Version,
        UpdatedAt,
        EndedAt,
        ReadySeq,
        ReadyAt,
        DueAt,
        DelayedAt,
        BlockedOn,
        Place,
        Solo,
        Worker,
        Token,
        ClaimedAt,
        Failures,
        Interruptions,
        Acquitted,
        RetryAfters,
        RetryWhy,
        Unchanged,
        ParkInterrupted,
        CancelRequested,
        CancelReason,
        Mail,
        Paused,
        TriedVersion,

        // From here on what no transition changes by a save.
        Deadline,
        Parent,
        Detached,
        ResourceCount,
        HoldForLife,
    }

    private const int Fences = 3; // ?1 to ?3 of the save are key, token and version as they were; the first column that it sets is ?4.

    private static readonly string[] Names = [.. Enum.GetNames<Column>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];
    private static readonly string[] Setters = [.. Names[(int)Column.Lane..(int)Column.Deadline].Select((name, i) => $"{name} = ?{Fences + 1 + i}")];
    private static readonly string Columns = string.Join(", ", Names);
    private static readonly string Changes = string.Join(", ", Setters);

    private readonly Statement load = connection.Prepare($"SELECT {Columns} FROM roost_work WHERE key = ?1");
    private readonly Statement find = connection.Prepare($"SELECT {Columns} FROM roost_work WHERE key = {WorkRow.KeyOfIdSql}");
    private readonly Statement save = connection.Prepare($"UPDATE roost_work SET {Changes} WHERE key = ?1 AND token IS ?2 AND version = ?3");
    private readonly Statement keep = connection.Prepare(
        "UPDATE roost_work SET version = ?3 + 1 WHERE key = ?1 AND token = ?2 AND version = ?3 AND cancel_requested = 0 AND mail = 0 AND paused = 0");
    private readonly Statement keepAnew = connection.Prepare(
        "UPDATE roost_work SET version = ?3 + 1, failures = 0, interruptions = 0, acquitted = 0, retry_afters = 0, unchanged = ?4 " +
        "WHERE key = ?1 AND token = ?2 AND version = ?3 AND cancel_requested = 0 AND mail = 0 AND paused = 0"
    );
    private readonly Statement setMail = connection.Prepare("UPDATE roost_work SET mail = ?2 WHERE key = ?1");
    private readonly Statement setLane = connection.Prepare("UPDATE roost_work SET lane = ?2 WHERE key = ?1");
    private readonly Statement liftDeadline = connection.Prepare("UPDATE roost_work SET deadline = NULL WHERE key = ?1");
    private readonly Statement id = connection.Prepare("SELECT id FROM roost_work WHERE key = ?1");

    /// <summary>An item that may go on though its deadline has passed.</summary>
    public void LiftDeadline(long key)
    {
        liftDeadline.Bind(1, key).Run();
        ready.DeadlinesChanged();
    }

    /// <summary>A signal has come for an item that stays where it is.</summary>
    public void HasMail(long key) => setMail.Bind(1, key).Bind(2, 1).Run();

    public WorkRow? Load(long key) => load.Bind(1, key).OneValue(Read);

    /// <summary>The row as long as it is still this lease's, at its version; null once the lease is lost.</summary>
    public WorkRow? LoadHeld(LeasedWork lease) =>
        Load(lease.WorkKey) is { } row && row.Token == lease.Token && row.Version == lease.Version ? row : null;

    public WorkRow? Find(string workId) => find.Bind(1, workId).OneValue(Read);

    public string Id(long key) => id.Bind(1, key).One(static row => row.Text(0))!;

    /// <summary>Saves the row as it shall be, counts it, and gives it its place in its order.</summary>
    /// <exception cref="InvalidOperationException">The table of states does not know the way, or token or version are no longer those that were
    /// read.</exception>
    public void Save(in WorkRow before, in WorkRow after)
    {
        if (!WorkStates.IsAllowed(before.State, after.State))
            throw new InvalidOperationException($"Work item {Id(before.Key)} cannot go from {before.State.Name()} to {after.State.Name()}.");
        save.Bind(1, before.Key).Bind(2, before.Token).Bind(3, before.Version);
        Set(Column.Lane, after.Lane);
        Set(Column.State, after.State.Name());
        Set(Column.Priority, after.Priority);
        Set(Column.Version, after.Version);
        Set(Column.UpdatedAt, connection.Now);
        Set(Column.EndedAt, after.EndedAt);
        Set(Column.ReadySeq, after.IsPaused ? null : after.ReadyPlace?.Number);
        Set(Column.ReadyAt, after.ReadyAt);
        Set(Column.DueAt, after.DueAt);
        Set(Column.DelayedAt, after.DelayedAt);
        Set(Column.BlockedOn, after.BlockedOn);
        Set(Column.Place, (after.IsPaused ? after.ReadyPlace : after.PlaceBefore)?.Number);
        Set(Column.Solo, after.Solo);
        Set(Column.Worker, after.Worker);
        Set(Column.Token, after.Token);
        Set(Column.ClaimedAt, after.ClaimedAt);
        Set(Column.Failures, after.Failures);
        Set(Column.Interruptions, after.Interruptions);
        Set(Column.Acquitted, after.Acquitted);
        Set(Column.RetryAfters, after.RetryAfters);
        Set(Column.RetryWhy, after.RetryWhy);
        Set(Column.Unchanged, after.Unchanged);
        Set(Column.ParkInterrupted, after.ParkInterrupted);
        Set(Column.CancelRequested, after.CancelRequested);
        Set(Column.CancelReason, after.CancelReason);
        Set(Column.Mail, after.HasMail);
        Set(Column.Paused, after.IsPaused);
        Set(Column.TriedVersion, before.State == WorkState.Running && after.Version == before.Version ? after.Version : after.TriedVersion);
        // Nobody else writes within this transaction, in which the row was read.
        if (save.Run() != 1)
            throw new InvalidOperationException($"Work item {Id(before.Key)} is not at version {before.Version} under the lease that was read.");
        (Condition from, Condition to) = (before.Condition, after.Condition);
        if (from == Condition.Blocked || (from == Condition.Delayed && to == Condition.Ready))
            connection.Measured.Waited(before.Lane, from == Condition.Blocked ? "blocked" : "delayed", connection.Now - before.UpdatedAt);
        counts.Add(before.Lane, from, -1);
        counts.Add(after.Lane, to, 1);
        if (before.IsPaused) counts.AddPaused(before.Lane, -1);
        if (after.IsPaused) counts.AddPaused(after.Lane, 1);
        else if (before.IsPaused) pauses.RemoveOf(before.Key);
        children.Move(before, after.State);
        ready.Remove(before);
        ready.Add(after);
    }

    /// <summary>
    /// Goes on with the same lease at the next version, touching no indexed column. False: displaced, asked to cancel, paused, or a signal has come.
    /// </summary>
    public bool Keep(LeasedWork lease, Lane lane, int unchanged)
    {
        bool asBefore = !lease.HasRecord && lease.Unchanged == unchanged;
        if ((asBefore ? keep : keepAnew.Bind(4, unchanged)).Bind(1, lease.WorkKey).Bind(2, lease.Token).Bind(3, lease.Version).Run() == 0) return false;
        if (lane.Key == lease.Lane.Key) return true;
        setLane.Bind(1, lease.WorkKey).Bind(2, lane.Key).Run();
        counts.Add(lease.Lane.Key, Condition.Running, -1);
        counts.Add(lane.Key, Condition.Running, 1);
        return true;
    }

    private void Set(Column column, long? value) => save.Bind(Fences + (int)column, value);

    private void Set(Column column, string? value) => save.Bind(Fences + (int)column, value);

    private void Set(Column column, bool value) => save.Bind(Fences + (int)column, value ? 1 : 0);

    private static WorkRow Read(Statement row)
    {
        bool isPaused = Flag(Column.Paused);
        Place? place = Place.Read(row, (int)Column.Place);
        return new()
        {
            Key = row.Int64((int)Column.Key),
            Lane = row.Int64((int)Column.Lane),
            State = WorkStates.Parse(row.Bytes((int)Column.State)),
            Priority = row.Int32((int)Column.Priority),
            Version = row.Int32((int)Column.Version),
            UpdatedAt = row.Int64((int)Column.UpdatedAt),
            EndedAt = Nullable(Column.EndedAt),
            ReadyPlace = isPaused ? place : Place.Read(row, (int)Column.ReadySeq),
            ReadyAt = Nullable(Column.ReadyAt),
            DueAt = Nullable(Column.DueAt),
            DelayedAt = Nullable(Column.DelayedAt),
            BlockedOn = row.NullableText((int)Column.BlockedOn),
            PlaceBefore = isPaused ? null : place,
            Solo = Flag(Column.Solo),
            Worker = Nullable(Column.Worker),
            Token = Nullable(Column.Token),
            ClaimedAt = Nullable(Column.ClaimedAt),
            Failures = row.Int32((int)Column.Failures),
            Interruptions = row.Int32((int)Column.Interruptions),
            Acquitted = row.Int32((int)Column.Acquitted),
            RetryAfters = row.Int32((int)Column.RetryAfters),
            RetryWhy = row.NullableText((int)Column.RetryWhy),
            Unchanged = row.Int32((int)Column.Unchanged),
            ParkInterrupted = Flag(Column.ParkInterrupted),
            CancelRequested = Flag(Column.CancelRequested),
            CancelReason = row.NullableText((int)Column.CancelReason),
            HasMail = Flag(Column.Mail),
            IsPaused = isPaused,
            TriedVersion = row.Int32((int)Column.TriedVersion),
            Deadline = Nullable(Column.Deadline),
            Parent = Nullable(Column.Parent),
            Detached = Flag(Column.Detached),
            ResourceCount = row.Int32((int)Column.ResourceCount),
            HoldForLife = Flag(Column.HoldForLife),
        };

        long? Nullable(Column column) => row.NullableInt64((int)column);

        bool Flag(Column column) => row.Int32((int)column) != 0;
    }
}
