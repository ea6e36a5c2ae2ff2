using Microsoft.Extensions.Logging;

namespace Roost.Tests.Support;

/// <summary>A log that cannot be written, as on a full disk.</summary>
internal sealed class FailingLog : TestLog
{
    public override bool IsEnabled(LogLevel logLevel) => throw new IOException("No space is left for the log.");

    public override void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        throw new IOException("No space is left for the log.");
}
