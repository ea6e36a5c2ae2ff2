using Microsoft.Data.Sqlite;

namespace Roost.Storage;

/// <summary>Runs each read on a connection of its own, which never blocks the writer; connection and transaction live only as long as the read.</summary>
internal sealed class Reader(string path, RoostOptions options)
{
    private volatile bool closed;

    /// <summary>The runtime is disposed: reads end with <see cref="ObjectDisposedException"/>.</summary>
    public void Close() => closed = true;

    /// <summary>Runs one read on the thread pool; the provider's own async methods would block the caller's thread.</summary>
    public Task<T> RunAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken = default) => Task.Run(() => Run(read), cancellationToken);

    /// <summary>Runs one read, all of whose queries see the same state of the file.</summary>
    public T Run<T>(Func<SqliteConnection, T> read)
    {
        ObjectDisposedException.ThrowIf(closed, typeof(RoostRuntime));
        try
        {
            using SqliteConnection connection = Database.OpenForReading(path, options);
            using SqliteTransaction transaction = connection.BeginTransaction(deferred: true);
            return read(connection);
        }
        catch (SqliteException e)
        {
            throw Database.Translate(e, path);
        }
    }
}
