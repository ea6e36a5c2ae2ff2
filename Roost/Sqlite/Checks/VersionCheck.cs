using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Checks;

/// <summary>
/// Compares every version of every item with its SHA-256; those that are stored as differences are put together from the one before. No more is in memory
/// than one item's last whole version, and what differs since.
/// </summary>
internal sealed class VersionCheck : IDisposable
{
    private const string All =
        """
        SELECT s.work, w.id, s.version, s.data, s.sha256, s.edits, s.row_sha256 FROM roost_snapshot s JOIN roost_work w ON w.key = s.work
        ORDER BY s.work, s.version
        """;

    private readonly Rebuilding state = new();
    private readonly List<string> damaged = [];
    private long work; // Of the last row.
    private int version;
    private bool isBuilt; // That version is in `state`.
    private (string Id, int From)? unbuilt; // From there on versions of this item are not to be had.

    private VersionCheck() { }

    /// <summary>What does not match, in words; and how many versions there are.</summary>
    public static (List<string> Damaged, long Examined) Run(SqliteConnection db, CancellationToken cancellationToken)
    {
        long examined = 0;
        using var check = new VersionCheck();
        using (var rows = new Statement(db.Handle!, All))
            while (rows.Step())
            {
                cancellationToken.ThrowIfCancellationRequested();
                examined++;
                check.Look(rows);
            }
        check.TellUnbuilt(check.version);
        return (check.damaged, examined);
    }

    public void Dispose() => state.Dispose();

    private void Look(Statement row)
    {
        (long before, int last) = (work, version);
        (work, version) = (row.Int64(0), row.Int32(2));
        ReadOnlySpan<byte> data = row.Bytes(3), sha256 = row.Bytes(4);
        if (row.IsNull(5))
        {
            TellUnbuilt(last);
            state.Begin(data);
            isBuilt = state.Is(sha256);
            if (!isBuilt) TellDamaged(row);
            return;
        }
        if (work != before) TellUnbuilt(last);
        bool isBehind = isBuilt && work == before && version == last + 1;
        isBuilt = false;
        if (!StateForm.HashOf(row.Bytes(5), data).AsSpan().SequenceEqual(row.Bytes(6))) TellDamaged(row);
        else if (!isBehind) unbuilt ??= (row.Text(1), version);
        else if (!state.TryApply(row.Bytes(5), data) || !state.Is(sha256)) TellDamaged(row);
        else isBuilt = true;
    }

    private void TellDamaged(Statement row) => damaged.Add(string.Create(CultureInfo.InvariantCulture, $"version {version} of {row.Text(1)}"));

    private void TellUnbuilt(int last)
    {
        if (unbuilt is { } lost)
            damaged.Add(
                lost.From == last
                    ? string.Create(CultureInfo.InvariantCulture, $"version {last} of {lost.Id}, which is built on what is damaged or missing")
                    : string.Create(CultureInfo.InvariantCulture, $"versions {lost.From} to {last} of {lost.Id}, which are built on what is damaged or missing")
            );
        unbuilt = null;
    }
}
