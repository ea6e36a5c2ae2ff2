using Roost.Benchmarks;

// dotnet run -c Release --project Roost.Benchmarks -- steps|queries|files [--runs N] [--folder F] ...
string verb = args.Length > 0 ? args[0] : "";
int runs = Number("--runs", 5);
string folder = Option("--folder") ?? Path.Combine(AppContext.BaseDirectory, "data");
switch (verb)
{
    case "steps":
        await StepsBenchmark.RunAsync(folder, runs);
        return 0;
    case "files":
        foreach (StoredMix mix in Enum.GetValues<StoredMix>()) Console.WriteLine(await StoredFile.KeepAsync(folder, mix, Number("--items", 1_000_000)));
        return 0;
    case "queries":
        await QueriesBenchmark.RunAsync(folder, runs, Number("--items", 1_000_000), Number("--calls", 200), !args.Contains("--no-console"));
        return 0;
    default:
        Console.Error.WriteLine("usage: Roost.Benchmarks steps|queries|files [--runs N] [--folder F]");
        Console.Error.WriteLine("  steps   durable steps per second at concurrency 1, 16 and 64, beside a bare loop of the same statements");
        Console.Error.WriteLine("  queries every query of an operator, and the console's pages, on a big file while 64 slots write");
        Console.Error.WriteLine("          [--items N] (default 1,000,000) [--calls N] (default 200 of each in a run) [--no-console]; the big file is made once and kept in the folder");
        Console.Error.WriteLine("  files   makes and checks the big files of every mix, of --items N (default 1,000,000) each, where they are missing");
        Console.Error.WriteLine("  --runs  how often each is measured (default 5); --folder  where the files go (default beside the program)");
        return 2;
}

int Number(string name, int usual) => int.Parse(Option(name) ?? usual.ToString(System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);

string? Option(string name)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}
