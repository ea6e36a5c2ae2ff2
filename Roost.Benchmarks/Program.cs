using Roost.Benchmarks;

// dotnet run -c Release --project Roost.Benchmarks -- <verb> [--runs N] [--folder F] ...
Benchmark[] all =
[
    new("steps", "durable steps per second at concurrency 1, 16 and 64, beside a bare loop of the same statements: [--warm-up S] [--share N] (of the work, in percent)", StepsBenchmark.RunAsync, "--warm-up 0 --share 5"),
    new("cost", "CPU time and allocation of a step: [--items N] [--steps N] [--concurrency N] [--warm-up S] [--bare] (the bare loop instead)", StepsBenchmark.CostAsync, "--warm-up 0 --items 100"),
    new("processes", "two, four and eight processes on one file beside one: [--seconds S] each (default 60)", ProcessesBenchmark.RunAsync, "--seconds 0.5"),
    new("idle", "CPU time and disk writes of a loop with nothing to do: [--items N] delayed items (default 1,000,000) [--seconds S] each time (default 20)", IdleBenchmark.RunAsync, "--items 1000 --seconds 0.5"),
    new("queries", "every query of an operator, and the console's pages, on a big file while 64 slots write: [--items N] [--calls N] [--no-console]", QueriesBenchmark.RunAsync, "--items 1000 --calls 2"),
    new("files", "makes and checks the big files of every mix, of [--items N] each, where they are missing", StoredFile.KeepAllAsync, "--items 1000"),
];
string verb = args.FirstOrDefault() ?? "";
if (verb == BenchmarkProcess.Verb) return await BenchmarkProcess.MainAsync(args[1..]);
if (verb == "all") return await Benchmark.RunAllAsync(all, _ => new(args));
if (verb == "smoke") return await Benchmark.SmokeAsync(all);
if (all.FirstOrDefault(benchmark => benchmark.Name == verb) is { } chosen)
{
    await chosen.RunAsync(new Settings(args));
    return 0;
}
Console.Error.WriteLine("usage: Roost.Benchmarks <verb> [--runs N] (how often each is measured, default 5) [--folder F] (where the files go, default beside the program)");
foreach (Benchmark benchmark in all) Console.Error.WriteLine($"  {benchmark.Name,-10} {benchmark.Help}");
Console.Error.WriteLine("  all        every verb in turn, with the options given");
Console.Error.WriteLine("  smoke      every verb at a tiny size, in under a minute, to see that it still works");
return 2;
