namespace Roost.Tests.Support;

/// <summary>
/// The child process that meets faults again and again: each line of its input is one round, a task's name, a number and a fault. It says of
/// each item what its caller was told, and what the process holds when the round is over; the test looks at the file meanwhile.
/// </summary>
internal sealed class FaultRounds(string path) : IDisposable
{
    /// <summary>The engine whose step streams an artifact of some chunks.</summary>
    public const string Streaming = "stream";

    private const int MostCalls = 600;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FaultDisk disk = new();
    private CancellationTokenSource stop = new();
    private RoostRuntime? roost;
    private Task loop = Task.CompletedTask;
    private int round;
    private long hits;

    public static async Task<int> RunAsync(string path)
    {
        using var rounds = new FaultRounds(path);
        while (await Console.In.ReadLineAsync() is { } line) await rounds.RunAsync(line.Split(' '));
        await rounds.CloseAsync();
        await Waiting.Until(() => RoostThreads() == 0);
        ChildProgram.Say($"closed {Holds()}");
        return 0;
    }

    public void Dispose() => stop.Dispose();

    private async Task RunAsync(string[] words)
    {
        round = int.Parse(words[1], null);
        hits = 0;
        roost ??= Open();
        await Work(words[0], Fault.Parse(words[2..]));
        EndFault();
        ChildProgram.Say($"end {round} {hits} {Holds()}");
    }

    private Task Work(string task, Fault fault) => task switch
    {
        "calls" => CallsAsync(fault),
        "work" => WorkAsync(fault),
        "stream" => StreamAsync(fault),
        "tidy" => TidyAsync(fault),
        "close" => ReopenAsync(closing: fault, opening: null),
        "open" => ReopenAsync(closing: null, opening: fault),
        "backup" => BackupAsync(fault),
        "cut" => CutAsync(fault),
        _ => throw new ArgumentException($"There is no task {task}."),
    };

    /// <summary>
    /// Callers without a loop. Once the first call has failed and its caller has his answer, nothing is written until the test has seen what a crash would
    /// leave.
    /// </summary>
    private async Task CallsAsync(Fault fault)
    {
        await CallAsync(fault, async () =>
        {
            ChildProgram.Say($"failed {round}");
            await Console.In.ReadLineAsync();
        });
    }

    /// <summary>Callers beside a running loop.</summary>
    private async Task WorkAsync(Fault fault)
    {
        StartLoop();
        int calls = await CallAsync(fault, () => Task.CompletedTask);
        EndFault();
        for (int i = 0; i < calls; i++)
        {
            await EndedAsync(IdOf(i));
            await EndedAsync(IdOf(i) + "-child");
        }
    }

    private async Task<int> CallAsync(Fault fault, Func<Task> whenItFailed)
    {
        disk.Arm(fault);
        int calls = 0;
        for (int after = 0; after < 3 && calls < MostCalls; calls++)
        {
            await EnqueueAsync(
                new WorkItem("child", new ChildPayload(calls % 5 == 0 ? 5 : 2, Child: calls % 5 == 1, Artifacts: calls % 5 == 2)) { Id = IdOf(calls) }
            );
            if (disk.Failed > 0 && after++ == 0)
                await whenItFailed();
        }
        return calls;
    }

    /// <summary>A step that streams an artifact in while the disk fails.</summary>
    private async Task StreamAsync(Fault fault)
    {
        StartLoop();
        disk.Arm(fault);
        await EnqueueAsync(new WorkItem(Streaming, new { round }) { Id = IdOf(0), MaxAttempts = 20 });
        await EndedAsync(IdOf(0));
    }

    /// <summary>The log is moved to the file while nothing is written.</summary>
    private async Task TidyAsync(Fault fault)
    {
        StartLoop();
        for (int i = 0; i < 110; i++) await EnqueueAsync(new WorkItem("nobody") { Id = IdOf(i) });
        disk.Arm(fault);
        await Waiting.Until(() => disk.Failed > 0 || roost!.Writer.IsAsleep);
        for (int i = 110; i < 113; i++) await EnqueueAsync(new WorkItem("nobody") { Id = IdOf(i) });
    }

    private async Task ReopenAsync(Fault? closing, Fault? opening)
    {
        for (int i = 0; i < 5; i++) await EnqueueAsync(new WorkItem("nobody") { Id = IdOf(i) });
        if (closing is not null) disk.Arm(closing);
        await CloseAsync();
        if (closing is not null) EndFault();
        if (opening is not null) disk.Arm(opening);
        for (int i = 0; roost is null && i < 100; i++)
        {
            try
            {
                roost = Open();
            }
            catch (RoostException e)
            {
                ChildProgram.Say($"closed-door {round} {e.GetType().Name}");
            }
        }
        await EnqueueAsync(new WorkItem("nobody") { Id = IdOf(5) });
    }

    private async Task BackupAsync(Fault fault)
    {
        string copy = Path.Combine(Path.GetDirectoryName(path)!, $"{round}-copy-of-roost.db");
        disk.Arm(fault);
        try
        {
            await roost!.BackupAsync(copy);
            ChildProgram.Say($"copied {round} {copy}");
        }
        catch (RoostException e)
        {
            ChildProgram.Say($"not-copied {round} {e.GetType().Name}");
        }
    }

    /// <summary>The power goes soon after the fault; what was not synced, or whose sync failed, is not on the disk.</summary>
    private async Task CutAsync(Fault fault)
    {
        disk.Forget(path + "-wal");
        await CallAsync(fault, () => Task.CompletedTask);
        disk.Cut();
    }

    private async Task EnqueueAsync(WorkItem item)
    {
        try
        {
            await roost!.EnqueueAsync(item);
            ChildProgram.SayEnqueued(item.Id, item);
        }
        catch (OutcomeUnknownException)
        {
            ChildProgram.Say($"unknown {item.Id}");
        }
        catch (ConflictException e)
        {
            ChildProgram.Say($"wrong {item.Id} {e.Message}"); // Nobody else gives such an id: it was written by the call that is told it was not.
        }
        catch (RoostException e)
        {
            ChildProgram.Say($"refused {item.Id} {e.GetType().Name}");
        }
    }

    /// <summary>A read may fail as well; whether it ends is the question.</summary>
    private async Task EndedAsync(string id)
    {
        while (true)
        {
            try
            {
                await roost!.WaitAsync(id, Patience);
                return;
            }
            catch (NotFoundException)
            {
                return; // It was refused.
            }
            catch (RoostException)
            {
                await Task.Yield();
            }
        }
    }

    private string IdOf(int call) => $"r{round}-{call}";

    private void EndFault() => hits += disk.Disarm();

    private void StartLoop()
    {
        if (loop.IsCompleted) loop = ChildVerbs.LoopAsync(roost!, stop.Token);
    }

    private async Task CloseAsync()
    {
        await stop.CancelAsync();
        await loop;
        stop.Dispose();
        stop = new();
        if (roost is null) return;
        try
        {
            await roost.DisposeAsync();
        }
        catch (RoostException e)
        {
            ChildProgram.Say($"closed-badly {round} {e.GetType().Name}");
        }
        roost = null;
    }

    private RoostRuntime Open() =>
        ChildVerbs
            .Open(ChildVerbs.Options(path) with { LoggerFactory = new ChildVerbs.ErrorLog(SayFault) }, Patience)
            .AddEngine(new ScriptedEngine(StreamStepAsync, Streaming));

    /// <summary>Before the callers have their answers, for the log is written first.</summary>
    private static void SayFault(string logged)
    {
        if (logged.StartsWith("Roost could not write", StringComparison.Ordinal)) ChildProgram.Say("could-not-write");
        if (logged.StartsWith("Roost could not open", StringComparison.Ordinal)) ChildProgram.Say("could-not-open");
    }

    private static async Task<Outcome> StreamStepAsync(int state, StepContext context)
    {
        using var content = new MemoryStream(Support.Artifacts.Bytes(5 * Support.Artifacts.Chunk + 7, context.Item.Id.GetHashCode(StringComparison.Ordinal)));
        await context.AddArtifactAsync("streamed.bin", content);
        return ScriptedEngine.Finish(state);
    }

    /// <summary>Handles, threads of Roost, bytes of SQLite's and of the managed heap.</summary>
    /// <summary>Of the threads only Roost's.</summary>
    private static string Holds() => (Footprint.Now() with { Threads = RoostThreads() }).ToWords();

    private static int RoostThreads() => Directory.GetDirectories("/proc/self/task").Count(IsRoosts);

    private static bool IsRoosts(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).StartsWith("Roost", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // It has just ended.
        }
    }
}
