using Microsoft.Extensions.Logging;

namespace Roost.Tests.Support;

/// <summary>What a child process does.</summary>
internal static class ChildVerbs
{
    /// <summary>An item that steps, waits, fails, has children, makes artifacts and needs resources, or not.</summary>
    public static WorkItem AnyItem(Random random, string id) =>
        new(
            "child",
            new ChildPayload(random.Next(1, 20), random.Next(3) == 0 ? random.Next(40) : 0, random.Next(4) == 0, random.Next(4) == 0, random.Next(4) == 0)
            {
                Grows = random.Next(3) == 0,
            }
        )
        {
            Id = id,
            Resources = random.Next(3) switch { 0 => [], 1 => [$"r{random.Next(3)}"], _ => ["r1", $"s{random.Next(3)}"] },
            ResourceHold = random.Next(3) == 0 ? ResourceHold.Life : ResourceHold.Step,
            Priority = random.Next(3),
        };

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
        // Many that start at once on few processors wait for each other's first transactions, which are compiled as they run.
        await using RoostRuntime roost = Open(Options(path) with { BusyTimeout = TimeSpan.FromSeconds(30) }, TimeSpan.FromSeconds(30));
        var item = new WorkItem("child", new ChildPayload(2));
        ChildProgram.SayEnqueued(await roost.EnqueueAsync(item), item);
        return 0;
    }

    /// <summary>
    /// Enqueues items until its input ends, with a pause after each. Some ask for two names that all use, those of an odd caller for one of the
    /// two; every other one has a key that all callers use.
    /// </summary>
    public static async Task<int> EnqueueManyAsync(string path, int caller, TimeSpan pause)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        await using RoostRuntime roost = Open(path, TimeSpan.FromSeconds(30));
        for (int i = 0; !end.IsCancellationRequested; i++)
        {
            string left = $"left {i % 4}", right = $"right {i % 4}";
            string[] names = caller % 2 == 0 ? [left, right] : i % 2 == 0 ? [left] : [right];
            var item = new WorkItem("child", new ChildPayload(3)) { Resources = i % 3 == 0 ? names : [], IdempotencyKey = i % 2 == 0 ? $"key {i}" : null };
            ChildProgram.SayEnqueued(await roost.EnqueueAsync(item), item);
            if (pause > TimeSpan.Zero) await Task.Delay(pause, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return 0;
    }

    /// <summary>Makes one backup after the other, each beside the file, until it is killed or its input ends.</summary>
    public static async Task<int> BackUpAsync(string path)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        await using RoostRuntime roost = Open(path, TimeSpan.FromSeconds(30));
        ChildProgram.Say("open");
        while (!end.IsCancellationRequested)
        {
            await roost.BackupAsync($"{path}.copy", CancellationToken.None);
            File.Delete($"{path}.copy");
        }
        return 0;
    }

    /// <summary>Opens the file, which migrates it, on a disk that kills the process at one call.</summary>
    public static async Task<int> OpenAsync(string path, Fault fault)
    {
        new FaultDisk().Arm(fault);
        await using RoostRuntime roost = Open(path, TimeSpan.FromSeconds(30));
        ChildProgram.Say("open");
        return 0;
    }

    /// <summary>A loop that could not start is started again; one that runs has to go on by itself.</summary>
    public static async Task LoopAsync(RoostRuntime roost, CancellationToken end)
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

    public static RoostRuntime Open(string path, TimeSpan lease) => Open(Options(path), lease);

    public static RoostRuntime Open(RoostOptions options, TimeSpan lease) => Open(options, lease, ChildProgram.Say);

    public static RoostRuntime Open(RoostOptions options, TimeSpan lease, Action<string> say) =>
        new RoostRuntime(options with { LeaseTime = lease, LoggerFactory = options.LoggerFactory ?? new ErrorLog() }).AddEngine(new ChildEngine(say));

    public static RoostOptions Options(string path) => new()
    {
        Path = path,
        RetryBaseDelay = TimeSpan.FromMilliseconds(10),
        RetryMaxDelay = TimeSpan.FromMilliseconds(50),
        DrainTime = TimeSpan.FromSeconds(1),
    };

    /// <summary>Warnings and errors on the error stream, which a failed test shows, and to whoever listens.</summary>
    internal sealed class ErrorLog(Action<string>? listen = null) : TestLog
    {
        public override bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public override void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            string message = formatter(state, exception);
            Console.Error.WriteLine($"{message} {exception}");
            listen?.Invoke(message);
        }
    }
}
