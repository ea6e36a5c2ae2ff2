using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>One verb of the program.</summary>
internal sealed record Benchmark(string Name, string Help, Func<Settings, Task> RunAsync);

/// <summary>What was asked for on the command line.</summary>
internal sealed class Settings(string[] args)
{
    /// <summary>How often each thing is measured.</summary>
    public int Runs => Number("--runs", 5);

    /// <summary>Where the files go; it exists.</summary>
    public string Folder { get; } = Directory.CreateDirectory(Text(args, "--folder") ?? Path.Combine(AppContext.BaseDirectory, "data")).FullName;

    public bool Has(string name) => args.Contains(name);

    public string? Text(string name) => Text(args, name);

    public int Number(string name, int usual) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;

    public int[] Numbers(string name, params int[] usual) =>
        Text(name) is { } text ? [.. text.Split(',').Select(word => int.Parse(word, CultureInfo.InvariantCulture))] : usual;

    private static string? Text(string[] args, string name)
    {
        int at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }
}
