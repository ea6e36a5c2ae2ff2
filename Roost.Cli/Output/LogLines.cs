using System.Globalization;

namespace Roost.Cli.Output;

/// <summary>The log of a worker on stderr, one line for each entry, with nothing in it that steers a terminal and secrets masked.</summary>
internal sealed class LogLines(Printer print) : ILoggerProvider, ILogger
{
    public static ILoggerFactory Create(Printer print, LogLevel least) => new LoggerFactory([new LogLines(print)], new LoggerFilterOptions { MinLevel = least });

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        string time = TimeProvider.System.GetLocalNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        string what = print.Hide($"{formatter(state, exception)}{(exception is null ? "" : $": {exception}")}");
        System.Console.Error.WriteLine($"{time} {logLevel.ToString().ToLowerInvariant()}: {Text.Line(what)}");
    }

    public void Dispose() { }
}
