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
    private static readonly string[] Wakes = ["signal", "timeout", "answer", "withdrawn"];

    private readonly Statement begin = connection.Prepare(
        "INSERT INTO roost_wait (work, version, signals, timeout_ms, until, ask, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    private readonly Statement again = connection.Prepare("UPDATE roost_wait SET since = ?2 WHERE work = ?1");
    private readonly Statement move = connection.Prepare("UPDATE roost_wait SET version = ?2 WHERE work = ?1");
    private readonly Statement load = connection.Prepare(
        "SELECT signals, timeout_ms, until, ask, wake, woken_at, signal FROM roost_wait WHERE work = ?1 AND version = ?2");
    private readonly Statement wake = connection.Prepare("UPDATE roost_wait SET wake = ?2, woken_at = ?3, signal = ?4 WHERE work = ?1 AND wake IS NULL");
    private readonly Statement end = connection.Prepare("DELETE FROM roost_wait WHERE work = ?1 RETURNING signal");

    /// <param name="row">As it waits.</param>
    /// <param name="wait">For what.</param>
    /// <param name="ask">The key of its question.</param>
    public StoredWait Begin(in WorkRow row, WaitFor wait, long? ask)
    {
        var stored = new StoredWait(NamesOf(wait), wait.TimeoutMs, wait.Until, ask, null, null, null);
        begin.Bind(1, row.Key).Bind(2, row.Version).Bind(3, stored.Signals).Bind(4, stored.TimeoutMs).Bind(5, stored.Until).Bind(6, stored.Ask)
            .Bind(7, connection.Now).Run();
        return stored;
    }

    /// <summary>It waits for the same again, from now on.</summary>
    public void Again(in WorkRow row) => again.Bind(1, row.Key).Bind(2, connection.Now).Run();

    public void MoveTo(long work, int version) => move.Bind(1, work).Bind(2, version).Run();

    /// <summary>What the item waits for at its version, or has been woken from; null where it does not wait.</summary>
    public StoredWait? Load(in WorkRow row) => load.Bind(1, row.Key).Bind(2, row.Version).OneValue(static row => new StoredWait(
        row.Text(0), row.NullableInt64(1), row.NullableInt64(2), row.NullableInt64(3),
        row.NullableText(4) is { } wake ? WakeOf(wake) : null, row.NullableInt64(5), row.NullableInt64(6)));

    public void Wake(in WorkRow row, WakeKind by, long? signal)
    {
        if (wake.Bind(1, row.Key).Bind(2, NameOf(by)).Bind(3, connection.Now).Bind(4, signal).Run() != 1) throw Damaged();
    }

    /// <summary>The step that was told has committed; the key of the signal that had woken it.</summary>
    public long? End(long work) => end.Bind(1, work).OneValue(static row => row.NullableInt64(0) ?? 0) is { } signal and > 0 ? signal : null;

    public static string NameOf(WakeKind wake) => Wakes[(int)wake];

    private static WakeKind WakeOf(string stored) => Array.IndexOf(Wakes, stored) is >= 0 and var wake ? (WakeKind)wake : throw Damaged();

    public static DataCorruptException Damaged() => Database.IndexDamaged("wait");

    private static string NamesOf(WaitFor wait) => JsonSerializer.Serialize(wait.Signals, ColumnJson.Default.IReadOnlyListString);
}

/// <summary>A wait as it is stored.</summary>
/// <param name="Signals">The names, a JSON array.</param>
/// <param name="TimeoutMs">How long at most.</param>
/// <param name="Until">Until when.</param>
/// <param name="Ask">The key of its question.</param>
/// <param name="Wake">What woke it; null while it waits.</param>
/// <param name="WokenAt">When.</param>
/// <param name="Signal">The signal that did.</param>
internal readonly record struct StoredWait(string Signals, long? TimeoutMs, long? Until, long? Ask, WakeKind? Wake, long? WokenAt, long? Signal);
