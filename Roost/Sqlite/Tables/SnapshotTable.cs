using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>What is stored of a version beside its state.</summary>
internal readonly record struct SavedVersion(int Version, int StateVersion, string Step, byte[] Hash, long DelayMs);

/// <summary>
/// The versions of the items' states: the first and the last of each are kept, and those that they are built on where they are stored as differences.
/// </summary>
internal sealed class SnapshotTable(WriteConnection connection)
{
    /// <summary>How many versions that nobody needs any more a commit deletes: that of a chain of differences ends for all of them at once.</summary>
    private const int MostTrimmed = 32;

    /// <summary>The same of the first commit of a claim, which works off what a longer history has left.</summary>
    private const int MostTrimmedAtFirst = 1000;

    private readonly Statement insert = connection.Prepare(
        "INSERT INTO roost_snapshot (work, version, state_version, step, data, sha256, delay_ms, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    private readonly Statement insertDifference = connection.Prepare(
        """
        INSERT INTO roost_snapshot (work, version, state_version, step, data, sha256, delay_ms, at, whole, edits, size, row_sha256)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        """);
    private readonly Statement noteDifferences = connection.Prepare("UPDATE roost_work_input SET differences = 1 WHERE work = ?1");
    private readonly Statement trim = connection.Prepare("DELETE FROM roost_snapshot WHERE work = ?1 AND version > ?2 AND version <= ?3");
    private readonly Statement trimSome = connection.Prepare(
        """
        DELETE FROM roost_snapshot
        WHERE key IN (SELECT key FROM roost_snapshot WHERE work = ?1 AND version > ?2 AND version <= ?3 ORDER BY version DESC LIMIT ?4)
        """);
    private readonly Statement builtOn = connection.Prepare("SELECT whole FROM roost_snapshot WHERE work = ?1 AND version = ?2");
    private readonly Statement leaveHistory = connection.Prepare(
        "UPDATE roost_snapshot SET base = 1 WHERE work = ?1 AND version >= ?2 AND version <= ?3 AND base = 0");

    public void Save(long work, in SavedVersion version, in StateForm form)
    {
        Statement row = form.IsWhole ? insert : insertDifference;
        row.Bind(1, work).Bind(2, version.Version).Bind(3, version.StateVersion).Bind(4, version.Step)
            .BindText(5, (form.Difference?.Inserts ?? form.State).Span).BindBlob(6, version.Hash).Bind(7, version.DelayMs).Bind(8, connection.Now);
        if (form.Difference is { } it) row.Bind(9, it.Base.Whole).BindText(10, it.Edits).Bind(11, form.State.Length).BindBlob(12, it.RowHash);
        row.Run();
    }

    /// <summary>An item has its first version that is stored as a difference.</summary>
    public void NoteDifferences(long work) => noteDifferences.Bind(1, work).Run();

    /// <summary>What a version that was saved just now moves out of the history is deleted, or marked where later ones are built on it.</summary>
    /// <param name="work">The item.</param>
    /// <param name="version">The version.</param>
    /// <param name="form">How it is stored.</param>
    /// <param name="mayHaveDifferences">Versions before it may be stored as differences.</param>
    /// <param name="isSteady">The version before it was trimmed by this runtime: there is no more to do than for one that moves out.</param>
    public void Trim(long work, int version, in StateForm form, bool mayHaveDifferences, bool isSteady)
    {
        if (KeptVersions.Gone(connection.Options, version) is not (int first, int gone)) return;
        if (!mayHaveDifferences && form.IsWhole)
        {
            if (isSteady) trim.Bind(1, work).Bind(2, Math.Max(first, gone - MostTrimmed)).Bind(3, gone).Run();
            else trimSome.Bind(1, work).Bind(2, first).Bind(3, gone).Bind(4, MostTrimmedAtFirst).Run();
            return;
        }
        int needed = form.Base.Whole <= gone + 1 ? form.Base.Whole : (int?)builtOn.Bind(1, work).Bind(2, gone + 1).Scalar() ?? gone + 1;
        // From the last: what is left is a chain's beginning, of which each version is whole or has what it is built on.
        trimSome.Bind(1, work).Bind(2, first).Bind(3, needed - 1).Bind(4, isSteady ? MostTrimmed : MostTrimmedAtFirst).Run();
        leaveHistory.Bind(1, work).Bind(2, isSteady ? gone : first + 1).Bind(3, gone).Run();
    }
}
