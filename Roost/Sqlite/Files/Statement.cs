using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Roost.Sqlite.Files;

/// <summary>
/// A prepared statement, of the write connection as long as that lives, or of a read that looks at many rows. Beneath SqliteCommand, because a
/// command and a reader for each step are two thirds of what the runtime would allocate. Prepared on first use; used by one thread at a time.
/// </summary>
internal sealed class Statement(sqlite3 handle, string sql) : IDisposable
{
    private sqlite3_stmt? stmt;

    public string Sql => sql;

    public Statement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(Prepared, index, value));
        return this;
    }

    public Statement Bind(int index, long? value) => value is { } number ? Bind(index, number) : BindNull(index);

    public Statement BindReal(int index, double? value)
    {
        if (value is not { } real) return BindNull(index);
        Check(raw.sqlite3_bind_double(Prepared, index, real));
        return this;
    }

    public Statement Bind(int index, string? value)
    {
        if (value is null) return BindNull(index);
        Span<byte> buffer = value.Length <= 256 ? stackalloc byte[768] : new byte[Encoding.UTF8.GetMaxByteCount(value.Length)];
        return BindText(index, buffer[..Encoding.UTF8.GetBytes(value, buffer)]);
    }

    public Statement BindText(int index, ReadOnlySpan<byte> utf8)
    {
        Check(raw.sqlite3_bind_text(Prepared, index, utf8));
        return this;
    }

    public Statement BindBlob(int index, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(Prepared, index, value));
        return this;
    }

    public Statement BindNull(int index)
    {
        Check(raw.sqlite3_bind_null(Prepared, index));
        return this;
    }

    /// <summary>Moves to the next row; false, and ready for its next use, when there is none.</summary>
    public bool Step()
    {
        int rc = raw.sqlite3_step(Prepared);
        if (rc == raw.SQLITE_ROW) return true;
        raw.sqlite3_reset(Prepared);
        if (rc != raw.SQLITE_DONE) throw Error(rc);
        return false;
    }

    /// <summary>Runs to the end and returns how many rows were changed.</summary>
    public int Run()
    {
        while (Step()) { }
        return raw.sqlite3_changes(handle);
    }

    /// <summary>The first column of the first row, or null.</summary>
    public long? Scalar()
    {
        if (!Step()) return null;
        long? value = NullableInt64(0);
        Reset();
        return value;
    }

    /// <summary>What its only row, or the first, says; null where there is none.</summary>
    public T? One<T>(Func<Statement, T> read) where T : class
    {
        if (!Step()) return null;
        T found = read(this);
        Reset();
        return found;
    }

    /// <summary>The same of a value.</summary>
    public T? OneValue<T>(Func<Statement, T> read) where T : struct
    {
        if (!Step()) return null;
        T found = read(this);
        Reset();
        return found;
    }

    /// <summary>What each row says.</summary>
    public List<T> All<T>(Func<Statement, T> read)
    {
        var all = new List<T>();
        while (Step()) all.Add(read(this));
        return all;
    }

    /// <summary>Leaves the rows that were not read.</summary>
    public void Reset()
    {
        if (stmt is not null) raw.sqlite3_reset(stmt);
    }

    /// <exception cref="DataCorruptException">It is no whole number: SQLite would give zero for what a damaged page has there.</exception>
    public long Int64(int column)
    {
        long value = raw.sqlite3_column_int64(Prepared, column);
        return value != 0 || raw.sqlite3_column_type(Prepared, column) == raw.SQLITE_INTEGER ? value : throw Damaged(column, "no number");
    }

    /// <inheritdoc cref="Int64"/>
    public int Int32(int column)
    {
        long value = Int64(column);
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Damaged(column, "a number too large");
    }

    public long? NullableInt64(int column) => IsNull(column) ? null : Int64(column);

    public double? NullableReal(int column) => IsNull(column) ? null : raw.sqlite3_column_double(Prepared, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(Prepared, column) == raw.SQLITE_NULL;

    /// <exception cref="DataCorruptException">There is nothing.</exception>
    public string Text(int column)
    {
        ReadOnlySpan<byte> utf8 = Bytes(column);
        return !utf8.IsEmpty || !IsNull(column) ? Encoding.UTF8.GetString(utf8) : throw Damaged(column, "nothing");
    }

    public string? NullableText(int column) => IsNull(column) ? null : Text(column);

    /// <summary>The bytes of a text or blob; valid until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(Prepared, column);

    /// <summary>How many steps SQLite's virtual machine has made for it since this was last asked.</summary>
    public int TakeMachineSteps() => stmt is null ? 0 : raw.sqlite3_stmt_status(stmt, raw.SQLITE_STMTSTATUS_VM_STEP, 1);

    public void Dispose() => stmt?.Dispose();

    private sqlite3_stmt Prepared => stmt ?? Prepare();

    private sqlite3_stmt Prepare()
    {
        Check(raw.sqlite3_prepare_v3(handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out sqlite3_stmt prepared));
        return stmt = prepared;
    }

    private void Check(int rc)
    {
        if (rc != raw.SQLITE_OK) throw Error(rc);
    }

    private DataCorruptException Damaged(int column, string what) =>
        new($"A row has {what} as its {raw.sqlite3_column_name(Prepared, column).utf8_to_string()}, which Roost does not write: the file is damaged, or " +
            $"another program has changed it. Stop writing to it, copy it, and restore a backup.");

    private SqliteException Error(int rc) =>
        new($"SQLite error {rc}: {raw.sqlite3_errmsg(handle).utf8_to_string()}.", rc & 0xFF, raw.sqlite3_extended_errcode(handle));
}
