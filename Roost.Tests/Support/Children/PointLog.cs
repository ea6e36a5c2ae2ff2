using Microsoft.Extensions.Logging;

namespace Roost.Tests.Support;

/// <summary>A host's log, which is code of a user as well: each line is a point.</summary>
internal sealed class PointLog : TestLog
{
    public override bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public override void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel)) Points.Reach($"line {eventId.Id} of the log");
    }
}
