using Microsoft.Extensions.Logging;

namespace Roost.Tests.Support;

/// <summary>What a child process does.</summary>
internal static class ChildVerbs
{
    /// <summary>Works until its input ends.</summary>
    public static async Task<int> WorkAsync(string path, TimeSpan lease, int slots = 16, int maxInterruptions = 5)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        await using RoostRuntime roost = Open(Options(path) with { Concurrency = slots, MaxInterruptions = maxInterruptions }, lease);
        ChildProgram.Say("open");
        await roost.RunAsync(end);
        return 0;
    }

    /// <summary>Opens the file, perhaps creating it, and enqueues one item.</summary>
    public static async Task<int> EnqueueAsync(string path)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        ChildProgram.Say("ready");
        await Task.Delay(Timeout.InfiniteTimeSpan, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await using RoostRuntime roost = Open(path, TimeSpan.FromSeconds(30));
        EnqueueResult result = await roost.EnqueueAsync(new WorkItem("child", new ChildPayload(2)));
        ChildProgram.Say($"enqueued {result.Id}");
        return 0;
    }

    /// <summary>Enqueues items one after another beside a running loop, and says of each what it was told.</summary>
    public static async Task<int> FaultsAsync(string path)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        await using RoostRuntime roost = Open(path, TimeSpan.FromSeconds(30));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(end);
        Task loop = LoopAsync(roost, stop.Token);
        for (int i = 0; i < 20; i++)
        {
            string id = $"item-{i}";
            try
            {
                await roost.EnqueueAsync(new WorkItem("child", new ChildPayload(2)) { Id = id });
                ChildProgram.Say($"enqueued {id}");
            }
            catch (OutcomeUnknownException)
            {
                ChildProgram.Say($"unknown {id}");
            }
            catch (RoostException e)
            {
                ChildProgram.Say($"refused {id} {e.GetType().Name}");
            }
        }
        foreach (string id in Enumerable.Range(0, 20).Select(i => $"item-{i}"))
        {
            try
            {
                await roost.WaitAsync(id, TimeSpan.FromSeconds(20), end);
            }
            catch (NotFoundException)
            {
                // It was refused.
            }
        }
        await stop.CancelAsync();
        await loop;
        ChildProgram.Say("end");
        return 0;
    }

    /// <summary>A loop that could not start is started again; one that runs has to go on by itself.</summary>
    private static async Task LoopAsync(RoostRuntime roost, CancellationToken end)
    {
        while (true)
        {
            try
            {
                await roost.RunAsync(end);
                return;
            }
            catch (RoostException e)
            {
                await Console.Error.WriteLineAsync($"The loop has ended: {e.Message}");
            }
        }
    }

    private static RoostRuntime Open(string path, TimeSpan lease) => Open(Options(path), lease);

    private static RoostRuntime Open(RoostOptions options, TimeSpan lease) => Open(options, lease, ChildProgram.Say);

    public static RoostRuntime Open(RoostOptions options, TimeSpan lease, Action<string> say) =>
        new RoostRuntime(options with { LeaseTime = lease, LoggerFactory = new ErrorLog() }).AddEngine(new ChildEngine(say));

    public static RoostOptions Options(string path) => new()
    {
        Path = path,
        RetryBaseDelay = TimeSpan.FromMilliseconds(10),
        RetryMaxDelay = TimeSpan.FromMilliseconds(50),
        DrainTime = TimeSpan.FromSeconds(1),
    };

    /// <summary>Warnings and errors on the error stream, which a failed test shows.</summary>
    private sealed class ErrorLog : ILoggerFactory, ILogger
    {
        public void AddProvider(ILoggerProvider provider) { }

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose() { }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Console.Error.WriteLine($"{formatter(state, exception)} {exception}");
        }
    }
}
