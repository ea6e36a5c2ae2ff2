using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Roost.Benchmarks;

/// <summary>One verb of the program.</summary>
/// <param name="Name">The verb.</param>
/// <param name="Help">What it measures, and its own options.</param>
/// <param name="RunAsync">Measures and writes its lines; throws where what was measured went wrong.</param>
/// <param name="Tiny">Options with which it is over in seconds, for a run that shows only that it still works.</param>
internal sealed partial record Benchmark(string Name, string Help, Func<Settings, Task> RunAsync, string Tiny)
{
    public const string RunsOption = "--runs", FolderOption = "--folder";

    /// <summary>The first option that was given and that none of these knows, so that a mistyped one does not measure something else.</summary>
    public static string? Unknown(IEnumerable<string> args, IEnumerable<Benchmark> chosen)
    {
        HashSet<string> known = [RunsOption, FolderOption, .. chosen.SelectMany(each => Option().Matches(each.Help)).Select(match => match.Value)];
        return args.FirstOrDefault(arg => arg.StartsWith("--", StringComparison.Ordinal) && !known.Contains(arg));
    }

    /// <summary>Runs each in turn; 1 where one of them failed.</summary>
    public static async Task<int> RunAllAsync(IEnumerable<Benchmark> benchmarks, Func<Benchmark, Settings> settings)
    {
        int failed = 0;
        foreach (Benchmark benchmark in benchmarks)
        {
            Console.WriteLine($"== {benchmark.Name}");
            long began = Stopwatch.GetTimestamp();
            try
            {
                await benchmark.RunAsync(settings(benchmark));
                Console.WriteLine($"== {benchmark.Name} took {Stopwatch.GetElapsedTime(began).TotalSeconds:N1} s");
            }
            catch (Exception e)
            {
                Console.Error.WriteLine($"== {benchmark.Name} failed: {e}");
                failed++;
            }
        }
        return failed == 0 ? 0 : 1;
    }

    /// <summary>Every verb at a tiny size, in a folder that is gone afterwards.</summary>
    public static async Task<int> SmokeAsync(IEnumerable<Benchmark> benchmarks)
    {
        string folder = Directory.CreateTempSubdirectory("roost-benchmarks-").FullName;
        try
        {
            return await RunAllAsync(benchmarks, benchmark =>
                new([benchmark.Name, RunsOption, "1", FolderOption, folder, .. benchmark.Tiny.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [GeneratedRegex("--[a-z-]+")]
    private static partial Regex Option();
}

/// <summary>What was asked for on the command line.</summary>
internal sealed class Settings(string[] args)
{
    /// <summary>How often each thing is measured.</summary>
    public int Runs => Number(Benchmark.RunsOption, 5);

    /// <summary>Where the files go; it exists.</summary>
    public string Folder { get; } = Directory.CreateDirectory(Text(args, Benchmark.FolderOption) ?? Path.Combine(AppContext.BaseDirectory, "data")).FullName;

    public bool Has(string name) => args.Contains(name);

    public string? Text(string name) => Text(args, name);

    public int Number(string name, int usual) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;

    public int[] Numbers(string name, params int[] usual) =>
        Text(name) is { } text ? [.. text.Split(',').Select(word => int.Parse(word, CultureInfo.InvariantCulture))] : usual;

    public TimeSpan Seconds(string name, double usual) =>
        TimeSpan.FromSeconds(Text(name) is { } text ? double.Parse(text, CultureInfo.InvariantCulture) : usual);

    private static string? Text(string[] args, string name)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }
}
