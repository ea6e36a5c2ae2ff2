using Microsoft.Extensions.Logging;

namespace Roost.Tests.Support;

/// <summary>A log that cannot be written, as on a full disk.</summary>
internal sealed class FailingLog : ILoggerFactory, ILogger
{
    public void AddProvider(ILoggerProvider provider) { }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose() { }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => throw new IOException("No space is left for the log.");

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => throw new IOException("No space is left for the log.");
}
