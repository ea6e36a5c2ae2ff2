using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Roost.Published;

internal sealed record CountPayload(int To, bool Fails = false);

internal enum Mood { Idle, VeryBusy }

[JsonDerivedType(typeof(Waiting), "waiting")]
[JsonDerivedType(typeof(Working), "working")]
internal abstract record Phase;

internal sealed record Waiting : Phase;

internal sealed record Working(int Since) : Phase;

internal sealed record Mark(string By);

/// <summary>Of every kind that a state's comparison looks at in its own way.</summary>
internal sealed record CountState(int N)
{
    public Mood Mood { get; init; }
    public Phase Phase { get; init; } = new Waiting();
    public HashSet<string> Seen { get; init; } = [];
    public Dictionary<string, int> ByName { get; init; } = [];
    public IReadOnlyDictionary<string, Mark> Marks { get; init; } = new Marks();
    public List<(int X, int Y)> Places { get; init; } = [];
    public DateTimeOffset? At { get; init; }
}

/// <summary>A dictionary of nobody's kind but its own.</summary>
internal sealed class Marks : IReadOnlyDictionary<string, Mark>
{
    private readonly SortedList<string, Mark> all = new(StringComparer.Ordinal) { ["b"] = new("second"), ["a"] = new("first") };

    public Mark this[string key] => all[key];

    public IEnumerable<string> Keys => all.Keys;

    public IEnumerable<Mark> Values => all.Values;

    public int Count => all.Count;

    public bool ContainsKey(string key) => all.ContainsKey(key);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out Mark value) => all.TryGetValue(key, out value);

    public IEnumerator<KeyValuePair<string, Mark>> GetEnumerator() => all.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

internal sealed record Report(string Title, IReadOnlyList<CountState> Rows);

/// <summary>What it has counted is in none of its members.</summary>
internal sealed class HiddenState
{
    private int counted;

    public void Add() => counted++;

    public override string ToString() => $"{counted}";
}

/// <summary>One field of it is not public, and the rest comes back.</summary>
internal sealed class PartlyHiddenState
{
    private int counted;

    public string Name { get; set; } = "";

    public void Add() => counted++;

    public override string ToString() => $"{Name} {counted}";
}

/// <summary>What is within is filled and not read back.</summary>
internal sealed record NestedState(Nested Inner);

internal sealed class Nested
{
    public List<int> Items { get; } = [];

    public string Name { get; set; } = "";
}

internal sealed record KeyedState(Dictionary<string, int> ByName);

internal sealed record StackState(Stack<int> Left);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, IncludeFields = true)]
[JsonSerializable(typeof(CountPayload))]
[JsonSerializable(typeof(CountState))]
[JsonSerializable(typeof(HiddenState))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(KeyedState))]
[JsonSerializable(typeof(NestedState))]
[JsonSerializable(typeof(PartlyHiddenState))]
[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(StackState))]
internal sealed partial class ProgramJson : JsonSerializerContext;
