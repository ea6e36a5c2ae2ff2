using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Roost.Tests.Support;

/// <summary>A log that keeps its lines, from a level on.</summary>
internal sealed class KeptLog(LogLevel least = LogLevel.Warning) : TestLog
{
    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyCollection<string> Lines => lines;

    public override void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= least) lines.Enqueue($"{formatter(state, exception)} {exception?.Message}".TrimEnd());
    }
}
