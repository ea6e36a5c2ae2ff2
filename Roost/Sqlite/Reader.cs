using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Roost.Native;
using Roost.Sqlite.Files;
using Roost.Sqlite.Writing;

namespace Roost.Sqlite;

/// <summary>
/// Runs each read on a connection that nothing else uses meanwhile, which never blocks the writer; its transaction lives only as long as the
/// read. A few connections are kept for the next reads, because opening one costs as much as a small read.
/// </summary>
internal sealed class Reader(string path, RoostOptions options, Writer? writer = null)
{
    private const int Kept = 4;

    private readonly ConcurrentBag<SqliteConnection> idle = [];
    private readonly OpenFile? file = OpenFile.At(path, numbersStay: !options.AllowNetworkFileSystem);
    private readonly Evidence evidence = new(path, options);
    private volatile bool closed;

    /// <summary>The runtime is disposed: reads end with <see cref="ObjectDisposedException"/>.</summary>
    public void Close()
    {
        closed = true;
        CloseIdle();
    }

    /// <summary>Runs one read on the thread pool; the provider's own async methods would block the caller's thread.</summary>
    public Task<T> RunAsync<T>(Func<SqliteConnection, T> read, CancellationToken cancellationToken = default) => Task.Run(() => Run(read), cancellationToken);

    /// <summary>Runs one read, all of whose queries see the same state of the file.</summary>
    /// <exception cref="FileRefusedException">The file was deleted or replaced, or a newer Roost has migrated it meanwhile.</exception>
    public T Run<T>(Func<SqliteConnection, T> read)
    {
        ObjectDisposedException.ThrowIf(closed, typeof(RoostRuntime));
        CheckPlace();
        try
        {
            SqliteConnection connection = idle.TryTake(out SqliteConnection? kept) ? kept : Database.OpenForReading(path, options);
            bool isSound = false;
            try
            {
                T found;
                using (new ReadTransaction(connection))
                {
                    CheckVersion(connection);
                    found = read(connection);
                }
                isSound = true;
                return found;
            }
            finally
            {
                ReturnConnection(connection, isSound);
            }
        }
        catch (Exception e) when (e is SqliteException || StorageFault.IsUnexpected(e))
        {
            throw evidence.Explain(e);
        }
    }

    /// <exception cref="FileRefusedException">The file was deleted or replaced; what is there now is not what was opened.</exception>
    public void CheckPlace()
    {
        if (writer is not { WasTakenAway: true } && file is not { IsInPlace: false }) return;
        writer?.DoubtPlace();
        throw Database.TakenAway(path);
    }

    /// <summary>A newer Roost may have changed what rows mean; they are not read by the rules of this one, nor called damaged by them.</summary>
    private void CheckVersion(SqliteConnection connection)
    {
        using var version = new Statement(connection.Handle!, "PRAGMA user_version");
        Evidence.CheckVersion(version.Scalar() ?? 0, path);
    }

    private void ReturnConnection(SqliteConnection connection, bool isSound)
    {
        if (!isSound || idle.Count >= Kept)
        {
            Close(connection);
            return;
        }
        idle.Add(connection);
        if (closed) CloseIdle();
    }

    private void CloseIdle()
    {
        while (idle.TryTake(out SqliteConnection? connection)) Close(connection);
    }

    private void Close(SqliteConnection connection)
    {
        if (writer is { Stopped.IsCompleted: true }) Database.KeepLog(connection);
        connection.Dispose();
    }
}
