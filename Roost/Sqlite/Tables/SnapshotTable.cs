using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>The versions of the items' states: the first and the last of each are kept.</summary>
internal sealed class SnapshotTable(WriteConnection connection)
{
    private readonly Statement insert = connection.Prepare(
        "INSERT INTO roost_snapshot (work, version, state_version, step, data, sha256, delay_ms, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    private readonly Statement trim = connection.Prepare("DELETE FROM roost_snapshot WHERE work = ?1 AND version > ?2 AND version <= ?3");

    public void Save(long work, int version, int stateVersion, string step, ReadOnlySpan<byte> data, byte[] hash, long delayMs)
    {
        insert.Bind(1, work).Bind(2, version).Bind(3, stateVersion).Bind(4, step)
            .BindText(5, data).BindBlob(6, hash).Bind(7, delayMs).Bind(8, connection.Now).Run();
        int first = connection.Options.HistoryFirst, last = version - connection.Options.HistoryLast;
        if (last > first) trim.Bind(1, work).Bind(2, first).Bind(3, last).Run();
    }
}
