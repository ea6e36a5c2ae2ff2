using Microsoft.Extensions.Logging;

namespace Roost.Tests.Support;

/// <summary>A log with one logger for everything; what becomes of a line is the test's.</summary>
internal abstract class TestLog : ILoggerFactory, ILogger
{
    public void AddProvider(ILoggerProvider provider) { }

    public ILogger CreateLogger(string categoryName) => this;

    public void Dispose() { }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public virtual bool IsEnabled(LogLevel logLevel) => true;

    public abstract void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter);
}
