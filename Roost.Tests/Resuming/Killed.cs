using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>What a killed process has left.</summary>
/// <param name="Path">Its file.</param>
/// <param name="Said">Its complete lines.</param>
internal sealed record Killed(string Path, IReadOnlyList<string> Said)
{
    /// <summary>What begins the line that says how often the database and its log were written or synced; and the last line of who was not killed.</summary>
    public const string Calls = "calls ", End = "end";

    public bool HasEnded => Said.Count > 0 && Said[^1] == End;

    /// <summary>The points that it came to, in order.</summary>
    public List<string> Reached { get; } =
        [.. Said.Where(line => line.StartsWith(Points.At, StringComparison.Ordinal)).Select(line => line[Points.At.Length..])];

    /// <summary>The point that it was killed at; else the last that it came to.</summary>
    public string Where =>
        Said.FirstOrDefault(line => line.StartsWith(Points.DiedAt, StringComparison.Ordinal))?[Points.DiedAt.Length..]
        ?? Reached.LastOrDefault()
        ?? "the start";

    public int CallCount => int.Parse(Said.Single(line => line.StartsWith(Calls, StringComparison.Ordinal))[Calls.Length..], null);

    /// <summary>The words of its lines that begin with one of these.</summary>
    public static List<string[]> Lines(IEnumerable<string> said, params string[] kinds) =>
        [.. said.Select(line => line.Split(' ')).Where(words => kinds.Contains(words[0]))];
}
