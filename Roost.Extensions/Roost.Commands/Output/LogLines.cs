using System.Collections.Concurrent;
using System.Globalization;

namespace Roost.Commands.Output;

/// <summary>
/// The log of a worker on stderr, one line for each entry, with nothing in it that steers a terminal and secrets masked. Written by a thread of its
/// own: a stderr that takes nothing must not hold up who logs.
/// </summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private const int Most = 1000;
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(1);

    private readonly Printer print;
    private readonly BlockingCollection<string> lines = new(Most);
    private readonly Thread thread;
    private int leftOut;

    private LogLines(Printer print)
    {
        this.print = print;
        thread = new Thread(Write) { IsBackground = true, Name = "Roost log" };
        thread.Start();
    }

    public static ILoggerFactory Create(Printer print, LogLevel least) =>
        new LoggerFactory([new LogLines(print)], new LoggerFilterOptions { MinLevel = least });

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string time = TimeProvider.System.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        string what = print.Hide($"{formatter(state, exception)}{(exception is null ? "" : $": {exception}")}");
        string line = $"{time} {logLevel.ToString().ToLowerInvariant()}: {Text.Line(what)}";
        try
        {
            if (!lines.TryAdd(line)) Interlocked.Increment(ref leftOut);
        }
        catch (InvalidOperationException)
        {
            // The verb has ended.
        }
    }

    /// <summary>Writes what is left, as far as stderr takes it soon.</summary>
    public void Dispose()
    {
        if (lines.IsAddingCompleted) return;
        lines.CompleteAdding();
        thread.Join(LastPatience);
    }

    private void Write()
    {
        foreach (string line in lines.GetConsumingEnumerable())
        {
            Console.Error.WriteLine(line);
            if (Interlocked.Exchange(ref leftOut, 0) is > 0 and int n)
                Console.Error.WriteLine($"{n} lines of the log were left out: stderr did not take them.");
        }
    }
}
