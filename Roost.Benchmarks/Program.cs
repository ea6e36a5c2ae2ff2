using Roost.Benchmarks;

// dotnet run -c Release --project Roost.Benchmarks -- steps [--runs N] [--folder F]
string verb = args.Length > 0 ? args[0] : "";
int runs = int.Parse(Option("--runs") ?? "5", System.Globalization.CultureInfo.InvariantCulture);
string folder = Option("--folder") ?? Path.Combine(AppContext.BaseDirectory, "data");
switch (verb)
{
    case "steps":
        await StepsBenchmark.RunAsync(folder, runs);
        return 0;
    case "idle":
        await IdleBenchmark.RunAsync(folder);
        return 0;
    case "once":
        await StepsBenchmark.OnceAsync(folder, int.Parse(args[1]), int.Parse(args[2]), int.Parse(args[3]), args.Contains("--floor"));
        return 0;
    default:
        Console.Error.WriteLine("usage: Roost.Benchmarks steps [--runs N] [--folder F]");
        Console.Error.WriteLine("  steps   durable steps per second at concurrency 1, 16 and 64, beside a bare loop of the same statements");
        Console.Error.WriteLine("  --runs  how often each is measured (default 5); --folder  where the files go (default beside the program)");
        return 2;
}

string? Option(string name)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}
