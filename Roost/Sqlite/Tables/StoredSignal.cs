using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>How a signal is read.</summary>
internal static class StoredSignal
{
    public const string Columns = "key, name, signal_id, sender, payload, sha256, at, trace";

    /// <summary>From a row of <see cref="Columns"/>.</summary>
    public static Signal Read(Statement row, string workId, JsonSerializerOptions json) => new(row.Int64(0), row.Bytes(4).ToArray(), row.Bytes(5).ToArray())
    {
        Name = row.Text(1),
        Id = row.NullableText(2),
        SenderId = row.NullableText(3),
        At = StoredTime.Read(row.Int64(6)),
        Trace = row.NullableText(7),
        WorkId = workId,
        Json = json,
    };
}
