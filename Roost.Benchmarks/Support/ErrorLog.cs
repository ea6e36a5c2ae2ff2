using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using static SQLitePCL.raw;

namespace Roost.Benchmarks;

/// <summary>Counts what a runtime logs because the file was busy.</summary>
internal sealed class ErrorLog : ILoggerFactory, ILogger
{
    private int busy;

    public int Busy => Volatile.Read(ref busy);

    public void AddProvider(ILoggerProvider provider) { }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose() { }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (exception is FileBusyException or SqliteException { SqliteErrorCode: SQLITE_BUSY or SQLITE_LOCKED }) Interlocked.Increment(ref busy);
    }
}
