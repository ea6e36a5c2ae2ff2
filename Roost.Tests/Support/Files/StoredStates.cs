using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>
/// The states in a file, put together by what the schema says of its columns and in the plainest way: a second opinion of what the runtime reads.
/// </summary>
internal static class StoredStates
{
    private sealed record Row(long Version, byte[] Data, string? Edits);

    /// <summary>Lets queries on a connection ask <c>state_of(work, version)</c>; null where there is no such version.</summary>
    public static void AddTo(SqliteConnection file) =>
        file.CreateFunction("state_of", (long? work, long? version) => work is null ? null : Of(file, work.Value, version!.Value));

    public static string? Of(SqliteConnection file, long work, long version)
    {
        List<Row> rows =
        [
            .. file.Query<(long Version, byte[] Data, string? Edits)>(
                """
                SELECT version, CAST(data AS BLOB), edits FROM roost_snapshot WHERE work = @work AND version <= @version
                AND version >= (SELECT coalesce(whole, version) FROM roost_snapshot WHERE work = @work AND version = @version) ORDER BY version
                """, new { work, version }).Select(row => new Row(row.Version, row.Data, row.Edits)),
        ];
        if (rows.Count == 0) return null;
        byte[] state = rows[0].Data;
        foreach (Row row in rows.Skip(1)) state = Edited(state, row.Data, row.Edits!);
        return Encoding.UTF8.GetString(state);
    }

    private static byte[] Edited(byte[] before, byte[] inserts, string edits)
    {
        int[] numbers = [.. edits.Trim('[', ']').Split(',', StringSplitOptions.RemoveEmptyEntries).Select(number => int.Parse(number, null))];
        (var after, int from, int at) = (new List<byte>(), 0, 0);
        foreach (int[] place in numbers.Chunk(3))
        {
            after.AddRange(before[at..place[0]]);
            after.AddRange(inserts[from..(from + place[2])]);
            (from, at) = (from + place[2], place[0] + place[1]);
        }
        after.AddRange(before[at..]);
        return [.. after];
    }
}
