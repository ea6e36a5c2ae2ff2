using System.Runtime.InteropServices;
using System.Text;

namespace Roost.Tests.Support;

/// <summary>
/// The entry point of the test assembly when a test starts it as a process of its own: <c>dotnet Roost.Tests.dll verb file arguments</c>.
/// It ends when its input does, so that it does not outlive the tests.
/// </summary>
internal static class ChildProgram
{
    private static readonly Stream Output = Console.OpenStandardOutput();
    private static readonly Lock Gate = new();

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not [string verb, string path, .. string[] rest])
        {
            await Console.Error.WriteLineAsync("Run the tests with dotnet test.");
            return 2;
        }
        if (Environment.GetEnvironmentVariable("LD_PRELOAD") is not null) ShowCallsToShims();
        Task<int> work = verb switch
        {
            "crash" => CrashVerb.RunAsync(path, int.Parse(rest[0], null)),
            "signal-crash" => SignalVerb.RunAsync(path, int.Parse(rest[0], null)),
            "effect-crash" => EffectVerb.RunAsync(path, int.Parse(rest[0], null)),
            "work" when rest is [var lease] => ChildVerbs.WorkAsync(path, Milliseconds(lease)),
            "work" => ChildVerbs.WorkAsync(path, Milliseconds(rest[0]), int.Parse(rest[1], null), int.Parse(rest[2], null)),
            "enqueue" => ChildVerbs.EnqueueAsync(path),
            "fixture" => FixtureFile.MakeAsync(path, kills: true),
            "open" => ChildVerbs.OpenAsync(path, Fault.Parse(rest)),
            "faults" => FaultRounds.RunAsync(path),
            "power" => PowerVerbs.RunAsync(path, rest[0], int.Parse(rest[1], null)),
            "enqueue-many" => ChildVerbs.EnqueueManyAsync(path, int.Parse(rest[0], null), TimeSpan.FromMilliseconds(int.Parse(rest[1], null))),
            "block" => BlockingSteps.RunAsync(path, Milliseconds(rest[0]), int.Parse(rest[1], null), Milliseconds(rest[2])),
            "no-reflection" => NoReflection.RunAsync(path),
            "end" => EndingHost.RunAsync(path, bool.Parse(rest[0])),
            "tell" => TellingHost.RunAsync(path),
            "trace" => TracedHost.RunAsync(path),
            "lock" => EndingHost.LockAsync(path),
            "backups" => ChildVerbs.BackUpAsync(path),
            "program" => ShownProgram.RunHereAsync(path),
            "read-all" => HostSettings.ReadAllAsync(path, rest[0] == "set"),
            "rest" => RestingItems.RunAsync(path, Fault.Parse(rest)),
            "faulty" => Resuming.FaultyWorker.RunAsync(path, int.Parse(rest[0], null)),
            "resume" => Resuming.Scenario.RunAsync(path, rest[0], int.Parse(rest[1], null), int.Parse(rest[2], null)),
            _ => throw new ArgumentException($"There is no verb {verb}."),
        };
        return await work;
    }

    /// <summary>Writes one line in one write, so that a kill leaves whole lines and at most one torn one.</summary>
    public static void Say(string line)
    {
        lock (Gate) Output.Write(Encoding.UTF8.GetBytes(line + "\n"));
    }

    /// <summary>Says that an item was enqueued, with all that is needed to find it as it was given.</summary>
    public static void SayEnqueued(string id, WorkItem item) => Say($"enqueued {id} {item.Engine} {FileAudit.Hash(item.Payload.GetRawText())}");

    /// <summary>
    /// The runtime asks the C library itself for what Roost calls in it, past a shim that is loaded before it; the program as a whole has the shim's.
    /// </summary>
    private static void ShowCallsToShims() =>
        NativeLibrary.SetDllImportResolver(typeof(RoostRuntime).Assembly, (name, _, _) => name == "libc" ? NativeLibrary.GetMainProgramHandle() : IntPtr.Zero);

    private static TimeSpan Milliseconds(string text) => TimeSpan.FromMilliseconds(int.Parse(text, null));

    /// <summary>Ends when the parent closes our input or dies.</summary>
    public static CancellationToken UntilInputEnds()
    {
        var source = new CancellationTokenSource();
        _ = Task.Run(async () =>
        {
            while (await Console.In.ReadLineAsync() is not null) { }
            await source.CancelAsync();
        });
        return source.Token;
    }
}
