using Roost.Benchmarks;

// dotnet run -c Release --project Roost.Benchmarks -- <verb> [--runs N] [--folder F] ...
Benchmark[] all =
[
    new("steps", "durable steps per second at concurrency 1, 16 and 64, beside a bare loop of the same statements: [--concurrency N,N] [--warm-up S] " +
        "[--share N] (of the work, in percent)", StepsBenchmark.RunAsync, "--warm-up 0 --share 5"),
    new("cost", "CPU time and allocation of a step: [--items N] [--steps N] [--concurrency N] [--warm-up S] [--bare] (the bare loop instead)",
        StepsBenchmark.CostAsync, "--warm-up 0 --items 100"),
    new("enqueue", "items enqueued per second, one at a time and in batches, beside a bare loop of the same inserts: [--items N]",
        EnqueueBenchmark.RunAsync, "--items 500"),
    new("idle", "CPU time and disk writes of a loop with nothing to do: [--items N] delayed items (default 1,000,000) [--seconds S] each time (default 20)",
        IdleBenchmark.RunAsync, "--items 1000 --seconds 0.5"),
    new("queries", "every query of an operator, and the console's pages, on a big file while 64 slots write: [--items N] [--calls N] [--no-console]",
        QueriesBenchmark.RunAsync, "--items 1000 --calls 2"),
    new("scale", "what a step costs with many items stored, by SQLite's own counts and in time: [--only <word>] [--steps N] [--items N,N,N]",
        ScaleBenchmark.RunAsync, "--items 500,1000 --steps 100 --only done"),
    new("blocked", "what a step costs with many items waiting for its resource, and a drain of crossing names: [--items N,N] [--steps N] [--drain N]",
        BlockedBenchmark.RunAsync, "--items 450,900 --steps 200 --drain 200"),
    new("newcomer", "how long a short item waits among 200 endless ones on 64 slots: [--newcomers N]", NewcomerBenchmark.RunAsync, "--newcomers 5"),
    new("latency", "from enqueueing to the step's start in an idle runtime, in this process and another: [--calls N]", LatencyBenchmark.RunAsync, "--calls 5"),
    new("signals", "what waiting costs: a loop beside [--items N] that wait (default 100,000), for [--seconds S] each time (default 20), and a signal's way " +
        "to its step beside an enqueue's: [--calls N]", SignalsBenchmark.RunAsync, "--items 1000 --seconds 0.5 --calls 3"),
    new("children", "[--items N] children of one parent (default 10,000) beside as many items without one, and [--ends N] ends beside [--brothers N] " +
        "(default 100,000)", ChildrenBenchmark.RunAsync, "--items 300 --ends 100 --brothers 500"),
    new("effects", "steps that make five effects each on 64 slots beside as many plain steps: [--items N] [--steps N] [--warm-up S]",
        EffectsBenchmark.RunAsync, "--items 20 --steps 2 --warm-up 0"),
    new("streams", "16 steps that write 10,000 pieces a second beside 48 slots that step, and the same while they are silent: [--pairs N] " +
        "[--milliseconds N] a window [--warm-up S]",
        StreamsBenchmark.RunAsync, "--pairs 1 --milliseconds 100 --warm-up 0"),
    new("inbox", "a person's first page beside [--items N] open questions (default 10,000): [--calls N]", InboxBenchmark.RunAsync, "--items 200 --calls 5"),
    new("takeover", "from kill -9 of a worker to its step's start in another: [--kills N]", TakeoverBenchmark.RunAsync, "--kills 1"),
    new(
        "storm",
        "healthy items beside steps that kill their process, steps that always time out, and kills: [--items N] [--steps N] [--milliseconds N] [--seconds " +
        "S] between kills",
        StormBenchmark.RunAsync,
        "--items 10 --steps 2 --seconds 1"
    ),
    new("migrate", "opening a big file of the schema before the last: [--items N]", MigrateBenchmark.RunAsync, "--items 1000"),
    new("open", "opening a big file, and a new one: [--items N] [--opens N]", OpenBenchmark.RunAsync, "--items 1000 --opens 3"),
    new(
        "memory",
        "the peak of a process that works in a big file, and of one that streams an artifact in and out: [--items N] [--seconds N] [--mebibytes N]",
        MemoryBenchmark.RunAsync,
        "--items 1000 --mebibytes 8 --seconds 1"
    ),
    new("allocation", "bytes allocated per step, and what stays, over many steps: [--steps N]", AllocationBenchmark.RunAsync, "--steps 4000"),
    new("growing", "what a state costs that grows by a kilobyte a turn: the log, the time, the memory, and reading it: [--turns N]", GrowingBenchmark.RunAsync,
        "--turns 20"),
    new("minute", "how long commits take and how large the log grows at full speed: [--seconds N]", MinuteBenchmark.RunAsync, "--seconds 1"),
    new("processes", "two, four and eight processes on one file beside one: [--seconds S] each (default 60) [--processes N,N]",
        ProcessesBenchmark.RunAsync, "--seconds 0.5 --processes 2"),
    new("lanes", "many engines and queues: one item in each of [--queues N,N] (default up to 100,000), [--shared N] queues of two processes, and one " +
        "engine that steps among [--engines N,N] with [--lanes N] lanes in all: [--steps N]",
        LanesBenchmark.RunAsync, "--queues 20,40 --shared 20 --engines 5,10 --lanes 50 --steps 200"),
    new("slow-disk", "steps per second at concurrency 64 against 1 where each sync takes longer: [--milliseconds N] (default 5); needs a C compiler",
        SlowDiskBenchmark.RunAsync, "--milliseconds 1"),
    new("others", "the same work on Hangfire, Quartz.NET and a plain loop, and what each guarantees: [--items N] (default 500) [--seconds S] each at " +
        "least (default 1) [--postgres \"connection string\"]", OthersBenchmark.RunAsync, "--items 20 --seconds 0"),
    new("parts", "the small parts of a step, each by itself: time and allocation (BenchmarkDotNet): [--dry]", PartsBenchmark.RunAsync, "--dry"),
    new("files", "makes and checks the big files of every mix, of [--items N] each, where they are missing", StoredFile.KeepAllAsync, "--items 1000"),
];
Benchmark[] ofChildren =
[
    new(ProcessesBenchmark.Part, "", ProcessesBenchmark.ChildAsync, ""),
    new(LanesBenchmark.Part, "", LanesBenchmark.ChildAsync, ""),
    new(StormBenchmark.Serve, "", StormBenchmark.ServeAsync, ""),
    new("serve", "", MomentEngine.ServeAsync, ""),
    new(MigrateBenchmark.Part, "", MigrateBenchmark.OnceAsync, ""),
    new("open-once", "", OpenBenchmark.OnceAsync, ""),
    new("work-in", "", MemoryBenchmark.WorkAsync, ""),
    new("steps-slowly", "", SlowDiskBenchmark.StepAsync, ""),
    new(GrowingBenchmark.Part, "", GrowingBenchmark.OnceAsync, ""),
    new(GrowingBenchmark.Check, "", GrowingBenchmark.CheckAsync, ""),
    new("stream", "", MemoryBenchmark.StreamAsync, ""),
];
string verb = args.FirstOrDefault() ?? "";
if (ofChildren.FirstOrDefault(each => each.Name == verb) is { } part)
{
    await part.RunAsync(new Settings(args));
    return 0;
}
Benchmark[] chosen = verb == "all" ? all : [.. all.Where(each => each.Name == verb)];
bool isHelpAsked = args.Contains("--help");
if (isHelpAsked || (chosen.Length == 0 && verb != "smoke"))
{
    Usage(chosen.Length > 0 ? chosen : all);
    return isHelpAsked ? 0 : 2;
}
if (Benchmark.Unknown(args, chosen) is { } unknown)
{
    Console.Error.WriteLine($"{verb} has no option {unknown}.");
    Usage(chosen);
    return 2;
}
if (verb == "smoke") return await Benchmark.SmokeAsync(all);
if (verb == "all") return await Benchmark.RunAllAsync(all, _ => new(args));
await chosen[0].RunAsync(new Settings(args));
return 0;

static void Usage(Benchmark[] shown)
{
    Console.Error.WriteLine(
        $"usage: Roost.Benchmarks <verb> [{Benchmark.RunsOption} N] (how often each is measured, default 5) [{Benchmark.FolderOption} F] " +
        "(where the files go, default beside the program)"
    );
    foreach (Benchmark benchmark in shown) Console.Error.WriteLine($"  {benchmark.Name,-10} {benchmark.Help}");
    Console.Error.WriteLine("  all        every verb in turn, with the options given");
    Console.Error.WriteLine("  smoke      every verb at a tiny size, to see that it still works");
}
