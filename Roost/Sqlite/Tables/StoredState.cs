using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>Reads states that are stored as differences, on one connection.</summary>
internal sealed class StoredState(Statement rows)
{
    public const string RowsSql =
        "SELECT version, data, edits, row_sha256, sha256 FROM roost_snapshot WHERE work = ?1 AND version BETWEEN ?2 AND ?3 ORDER BY version";

    /// <param name="Utf8">The state; null where it cannot be had.</param>
    /// <param name="Bytes">How many bytes were read for it.</param>
    /// <param name="Fault">Why it cannot be had.</param>
    public readonly record struct Found(byte[]? Utf8, long Bytes, string? Fault);

    /// <summary>The state of a version that is stored as a difference, held against its SHA-256.</summary>
    /// <param name="work">The item's key.</param>
    /// <param name="workId">Its id, for what is said.</param>
    /// <param name="whole">The version that it is built on.</param>
    /// <param name="version">The version.</param>
    /// <param name="sha256">The SHA-256 of its state.</param>
    public Found Read(long work, string workId, int whole, int version, ReadOnlySpan<byte> sha256)
    {
        using var state = new Rebuilding();
        rows.Bind(1, work).Bind(2, whole).Bind(3, version);
        int next = whole;
        try
        {
            for (; next <= version && rows.Step() && rows.Int64(0) == next; next++)
            {
                bool isWhole = rows.IsNull(2);
                if (isWhole != (next == whole) || (!isWhole && !state.TryApply(rows.Bytes(2), rows.Bytes(1))))
                    return new(null, 0, Damage.OfBase(workId, version, next));
                if (isWhole) state.Begin(rows.Bytes(1));
            }
        }
        finally
        {
            rows.Reset();
        }
        if (next <= version) return new(null, 0, Damage.OfMissingBase(workId, version, next));
        byte[] utf8 = state.ToArray();
        return Damage.IsWhole(utf8, sha256) ? new(utf8, state.Stored, null) : new(null, 0, FirstDamaged(work, workId, whole, version));
    }

    /// <summary>Which of the rows is not as it was written.</summary>
    private string FirstDamaged(long work, string workId, int whole, int version)
    {
        rows.Bind(1, work).Bind(2, whole).Bind(3, version);
        string? found = null;
        while (rows.Step())
        {
            if (found is not null) continue;
            int at = rows.Int32(0);
            bool isSound = rows.IsNull(2)
                ? Damage.IsWhole(rows.Bytes(1), rows.Bytes(4))
                : StateForm.HashOf(rows.Bytes(2), rows.Bytes(1)).AsSpan().SequenceEqual(rows.Bytes(3));
            if (!isSound) found = at == version ? Damage.OfVersion(workId, version) : Damage.OfBase(workId, version, at);
        }
        return found ?? Damage.OfVersion(workId, version);
    }
}
