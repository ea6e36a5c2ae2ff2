using Roost.Benchmarks;

// dotnet run -c Release --project Roost.Benchmarks -- <verb> [--runs N] [--folder F] ...
Benchmark[] all =
[
    new("steps", "durable steps per second at concurrency 1, 16 and 64, beside a bare loop of the same statements", StepsBenchmark.RunAsync),
    new("cost", "CPU time and allocation of a step: [--items N] [--steps N] [--concurrency N] [--bare] (the bare loop instead)", StepsBenchmark.CostAsync),
    new("enqueue", "items enqueued per second, one at a time and in batches, beside a bare loop of the same inserts: [--items N]", EnqueueBenchmark.RunAsync),
    new("idle", "CPU time and disk writes of a loop with nothing to do: [--items N] delayed items (default 1,000,000)", IdleBenchmark.RunAsync),
    new("queries", "every query of an operator, and the console's pages, on a big file while 64 slots write: [--items N] [--calls N] [--no-console]", QueriesBenchmark.RunAsync),
    new("scale", "what a step costs with many items stored, by SQLite's own counts and in time: [--only <word>] [--steps N] [--items N,N,N]", ScaleBenchmark.RunAsync),
    new("blocked", "what a step costs with many items waiting for its resource, and a drain of crossing names: [--items N,N] [--drain N]", BlockedBenchmark.RunAsync),
    new("newcomer", "how long a short item waits among 200 endless ones on 64 slots: [--newcomers N]", NewcomerBenchmark.RunAsync),
    new("latency", "from enqueueing to the step's start in an idle runtime, in this process and another: [--calls N]", LatencyBenchmark.RunAsync),
    new("takeover", "from kill -9 of a worker to its step's start in another: [--kills N]", TakeoverBenchmark.RunAsync),
    new("open", "opening a big file: [--items N] [--opens N]", OpenBenchmark.RunAsync),
    new("memory", "the peak of a process that works in a big file, and of one that streams an artifact in and out: [--items N] [--mebibytes N]", MemoryBenchmark.RunAsync),
    new("allocation", "bytes allocated per step, and what stays, over many steps: [--million-steps N]", AllocationBenchmark.RunAsync),
    new("minute", "how long commits take and how large the log grows at full speed: [--seconds N]", MinuteBenchmark.RunAsync),
    new("slow-disk", "steps per second at concurrency 64 against 1 where each sync takes longer: [--milliseconds N] (default 5); needs a C compiler", SlowDiskBenchmark.RunAsync),
    new("others", "the same work on Hangfire, Quartz.NET and a plain loop, and what each guarantees: [--items N] (default 500) [--postgres \"connection string\"]", OthersBenchmark.RunAsync),
    new("parts", "the small parts of a step, each by itself: time and allocation (BenchmarkDotNet)", PartsBenchmark.RunAsync),
    new("files", "makes and checks the big files of every mix, of [--items N] each, where they are missing", StoredFile.KeepAllAsync),
];
Benchmark[] ofChildren =
[
    new("serve", "", MomentEngine.ServeAsync),
    new("open-once", "", OpenBenchmark.OnceAsync),
    new("work-in", "", MemoryBenchmark.WorkAsync),
    new("steps-slowly", "", SlowDiskBenchmark.StepAsync),
    new("stream", "", MemoryBenchmark.StreamAsync),
];
if (all.Concat(ofChildren).FirstOrDefault(benchmark => args.Length > 0 && benchmark.Name == args[0]) is { } chosen)
{
    await chosen.RunAsync(new Settings(args));
    return 0;
}
Console.Error.WriteLine("usage: Roost.Benchmarks <verb> [--runs N] (how often each is measured, default 5) [--folder F] (where the files go, default beside the program)");
foreach (Benchmark benchmark in all) Console.Error.WriteLine($"  {benchmark.Name,-10} {benchmark.Help}");
return 2;
