using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>
/// What an item waits for, and what woke it: kept until the step that is told so has committed, so that each try of it is told the same, and a retry
/// waits for the same again.
/// </summary>
internal sealed class WaitTable(WriteConnection connection)
{
    /// <summary>How each <see cref="WakeKind"/> is stored.</summary>
    private static readonly string[] Wakes = ["signal", "timeout", "answer", "withdrawn", "children"];

    private readonly Statement begin = connection.Prepare(
        """
        INSERT INTO roost_wait (work, version, signals, timeout_ms, until, ask, since, child_ends, or_failure)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        """);
    private readonly Statement again = connection.Prepare("UPDATE roost_wait SET since = ?2 WHERE work = ?1");
    private readonly Statement move = connection.Prepare("UPDATE roost_wait SET version = ?2 WHERE work = ?1");
    private readonly Statement load = connection.Prepare(
        """
        SELECT signals, timeout_ms, until, ask, wake, woken_at, signal, child_ends, or_failure, seen_end, seen_open
        FROM roost_wait WHERE work = ?1 AND version = ?2
        """);
    private readonly Statement wake = connection.Prepare("UPDATE roost_wait SET wake = ?2, woken_at = ?3, signal = ?4 WHERE work = ?1 AND wake IS NULL");
    private readonly Statement see = connection.Prepare("UPDATE roost_wait SET seen_end = ?2, seen_open = ?3 WHERE work = ?1 AND child_ends IS NOT NULL");
    private readonly Statement end = connection.Prepare("DELETE FROM roost_wait WHERE work = ?1 RETURNING signal, seen_end");

    /// <param name="row">As it waits.</param>
    /// <param name="wait">For what.</param>
    /// <param name="ask">The key of its question.</param>
    public StoredWait Begin(in WorkRow row, WaitFor wait, long? ask)
    {
        var stored = new StoredWait
        {
            Signals = NamesOf(wait),
            TimeoutMs = wait.TimeoutMs,
            Until = wait.Until,
            Ask = ask,
            ChildEnds = wait.Children?.Ends,
            OrFailure = wait.Children is { OrFailure: true },
        };
        begin.Bind(1, row.Key).Bind(2, row.Version).Bind(3, stored.Signals).Bind(4, stored.TimeoutMs).Bind(5, stored.Until).Bind(6, stored.Ask)
            .Bind(7, connection.Now).Bind(8, stored.ChildEnds).Bind(9, stored.OrFailure ? 1 : 0).Run();
        return stored;
    }

    /// <summary>It waits for the same again, from now on.</summary>
    public void Again(in WorkRow row) => again.Bind(1, row.Key).Bind(2, connection.Now).Run();

    public void MoveTo(long work, int version) => move.Bind(1, work).Bind(2, version).Run();

    /// <summary>What the item waits for at its version, or has been woken from; null where it does not wait.</summary>
    public StoredWait? Load(in WorkRow row) => load.Bind(1, row.Key).Bind(2, row.Version).OneValue(static row => new StoredWait
    {
        Signals = row.Text(0),
        TimeoutMs = row.NullableInt64(1),
        Until = row.NullableInt64(2),
        Ask = row.NullableInt64(3),
        Wake = row.NullableText(4) is { } wake ? WakeOf(wake) : null,
        WokenAt = row.NullableInt64(5),
        Signal = row.NullableInt64(6),
        ChildEnds = row.NullableInt64(7),
        OrFailure = row.Int32(8) != 0,
        SeenEnd = row.NullableInt64(9),
        SeenOpen = row.NullableInt64(10),
    });

    public void Wake(in WorkRow row, WakeKind by, long? signal)
    {
        if (wake.Bind(1, row.Key).Bind(2, NameOf(by)).Bind(3, connection.Now).Bind(4, signal).Run() != 1) throw Damaged();
    }

    /// <summary>The step after a wait for children is begun: this is how they stand for each of its tries.</summary>
    public void See(long work, in ChildEnds children) => see.Bind(1, work).Bind(2, children.Last).Bind(3, children.Open).Run();

    /// <summary>The step that was told has committed; the key of the signal that had woken it, and the last end of a child that it was shown.</summary>
    public (long? Signal, long? SeenEnd) End(long work) =>
        end.Bind(1, work).OneValue(static row => (row.NullableInt64(0), row.NullableInt64(1))) ?? default;

    public static string NameOf(WakeKind wake) => Wakes[(int)wake];

    private static WakeKind WakeOf(string stored) => Array.IndexOf(Wakes, stored) is >= 0 and var wake ? (WakeKind)wake : throw Damaged();

    public static DataCorruptException Damaged() => Database.IndexDamaged("wait");

    private static string NamesOf(WaitFor wait) => JsonSerializer.Serialize(wait.Signals, ColumnJson.Default.IReadOnlyListString);
}

/// <summary>A wait as it is stored.</summary>
internal readonly record struct StoredWait
{
    /// <summary>The names, a JSON array.</summary>
    public required string Signals { get; init; }

    /// <summary>How long at most.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Until when.</summary>
    public long? Until { get; init; }

    /// <summary>The key of its question.</summary>
    public long? Ask { get; init; }

    /// <summary>How many ends of children it waits for, 0 for those of all; null for none.</summary>
    public long? ChildEnds { get; init; }

    /// <summary>The failure of one child is enough.</summary>
    public bool OrFailure { get; init; }

    /// <summary>What woke it; null while it waits.</summary>
    public WakeKind? Wake { get; init; }

    /// <summary>When.</summary>
    public long? WokenAt { get; init; }

    /// <summary>The signal that did.</summary>
    public long? Signal { get; init; }

    /// <summary>The last end of a child, and how many were open, when the step after it was first begun.</summary>
    public long? SeenEnd { get; init; }

    public long? SeenOpen { get; init; }
}
