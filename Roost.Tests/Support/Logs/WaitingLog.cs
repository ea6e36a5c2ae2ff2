using Microsoft.Extensions.Logging;

namespace Roost.Tests.Support;

/// <summary>Tells when a line that holds a text is logged.</summary>
internal sealed class WaitingLog(string text) : TestLog
{
    private readonly TaskCompletionSource seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Seen => seen.Task;

    public override void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (formatter(state, exception).Contains(text, StringComparison.Ordinal)) seen.TrySetResult();
    }
}
