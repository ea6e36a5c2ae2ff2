using System.Globalization;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>The signals that have come for an item and that none of its steps has taken yet, in the order in which they came.</summary>
internal sealed class Mailbox(WriteConnection connection)
{
    private readonly Statement count = connection.Prepare("SELECT n FROM roost_mailbox WHERE work = ?1");
    private readonly Statement open = connection.Prepare("INSERT INTO roost_mailbox (work, n, seen) VALUES (?1, 1, ?2)");
    private readonly Statement grow = connection.Prepare("UPDATE roost_mailbox SET n = n + 1 WHERE work = ?1");
    private readonly Statement shrink = connection.Prepare("UPDATE roost_mailbox SET n = n - ?2 WHERE work = ?1 RETURNING n");
    private readonly Statement close = connection.Prepare("DELETE FROM roost_mailbox WHERE work = ?1");
    private readonly Statement see = connection.Prepare(
        "UPDATE roost_mailbox SET seen = (SELECT max(key) FROM roost_signal WHERE work = ?1) WHERE work = ?1 RETURNING seen");
    private readonly Statement seen = connection.Prepare("SELECT seen FROM roost_mailbox WHERE work = ?1");
    private readonly Statement insert = connection.Prepare(
        "INSERT INTO roost_signal (work, name, signal_id, sender, payload, sha256, at, trace) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING key");
    private readonly Statement remove = connection.Prepare("DELETE FROM roost_signal WHERE key = ?1 AND work = ?2");
    private readonly Statement load = connection.Prepare(
        $"SELECT {StoredSignal.Columns} FROM roost_signal WHERE key = ?1 AND work = ?2");
    private readonly Statement earliest = connection.Prepare(
        "SELECT key FROM roost_signal WHERE work = ?1 AND name IN (SELECT value FROM json_each(?2)) ORDER BY key LIMIT 1");
    private readonly Statement findId = connection.Prepare("SELECT name, sha256 FROM roost_signal_id WHERE work = ?1 AND signal_id = ?2");
    private readonly Statement insertId = connection.Prepare(
        "INSERT INTO roost_signal_id (work, signal_id, name, sha256, at) VALUES (?1, ?2, ?3, ?4, ?5)");

    /// <summary>Puts a signal in, and answers its key; null where one with its id has come before.</summary>
    /// <exception cref="ConflictException">Another signal has that id, or the mailbox is full.</exception>
    public long? Add(in WorkRow row, string workId, NewSignal signal, string? sender)
    {
        if (signal.Id is { } id && IsKnown(row.Key, workId, id, signal)) return null;
        long n = count.Bind(1, row.Key).Scalar() ?? 0;
        if (n >= connection.Options.MaxSignals)
            throw new ConflictException(string.Create(CultureInfo.InvariantCulture,
                $"The mailbox of work item {workId} is full: {n:N0} signals lie there that no step has taken (RoostOptions.MaxSignals). Let its engine take " +
                $"them, or send fewer."));
        long key = insert.Bind(1, row.Key).Bind(2, signal.Name).Bind(3, signal.Id).Bind(4, sender).BindText(5, signal.Payload).BindBlob(6, signal.Hash)
            .Bind(7, connection.Now).Bind(8, signal.Trace).Scalar()!.Value;
        if (n > 0) grow.Bind(1, row.Key).Run();
        else open.Bind(1, row.Key).Bind(2, row.IsTried ? key - 1 : key).Run();
        if (signal.Id is not null)
            insertId.Bind(1, row.Key).Bind(2, signal.Id).Bind(3, signal.Name).BindBlob(4, signal.Hash).Bind(5, connection.Now).Run();
        return key;
    }

    /// <summary>The first that came of those that have one of these names (a JSON array).</summary>
    public long? Earliest(long work, string names) => earliest.Bind(1, work).Bind(2, names).Scalar();

    /// <summary>Up to which signal the item's next try sees; the first try of a version settles that.</summary>
    public long Seen(in WorkRow row) => (row.IsTried ? seen : see).Bind(1, row.Key).Scalar() ?? 0;

    public Signal? Load(long work, string workId, long key) =>
        load.Bind(1, key).Bind(2, work).One(row => StoredSignal.Read(row, workId, connection.Options.Json));

    /// <summary>Removes what a step has taken, and answers how many are left.</summary>
    public long Remove(long work, IEnumerable<long> keys)
    {
        int removed = keys.Sum(key => remove.Bind(1, key).Bind(2, work).Run());
        long left = removed == 0 ? count.Bind(1, work).Scalar() ?? 0 : shrink.Bind(1, work).Bind(2, removed).Scalar() ?? 0;
        if (removed > 0 && left == 0) close.Bind(1, work).Run();
        return left;
    }

    private bool IsKnown(long work, string workId, string id, NewSignal signal)
    {
        if (!findId.Bind(1, work).Bind(2, id).Step()) return false;
        bool isSame = findId.Text(0) == signal.Name && findId.Bytes(1).SequenceEqual(signal.Hash);
        findId.Reset();
        if (isSame) return true;
        throw new ConflictException(
            $"Work item {workId} has had a signal with the id \"{id}\" that has another name or payload. Send the same again, or give another id.");
    }
}
