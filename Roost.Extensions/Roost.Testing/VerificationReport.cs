using System.Globalization;
using System.Text;

namespace Roost.Testing;

/// <summary>What was found of an engine.</summary>
public enum FindingKind
{
    /// <summary>Two tries of one step, from the same snapshot, at the same time and with the same key, have brought different things.</summary>
    TriesDiffer,

    /// <summary>An instance that had run the item's steps before has brought something else than fresh ones, which agree with each other.</summary>
    InstanceDiffers,

    /// <summary>An HTTP call had neither the step's key nor anything that depends on it.</summary>
    CallWithoutKey,

    /// <summary>
    /// In a step that makes effects, an HTTP call was made outside of one that had neither the step's key nor anything that depends on it: it is made by each
    /// try.
    /// </summary>
    CallOutsideEffect,

    /// <summary>A state would not come back from its JSON as it is.</summary>
    StateNotKept,

    /// <summary>An item has become a dead letter, and not because its engine has said so.</summary>
    DeadLetter,

    /// <summary>The item has not ended.</summary>
    NotEnded,
}

/// <summary>One thing that was found, with its proof.</summary>
public sealed record Finding
{
    /// <summary>What it is.</summary>
    public required FindingKind Kind { get; init; }

    /// <summary>The id of the engine.</summary>
    public required string Engine { get; init; }

    /// <summary>The name of the step in the snapshot that it started from; <c>init</c> for the first. Null where it is about no step.</summary>
    public string? Step { get; init; }

    /// <summary>The version of that snapshot; 0 for the first step. Null where it is about no step.</summary>
    public int? Version { get; init; }

    /// <summary>Where tries differ: paths such as <c>state.order.key</c>. Empty for what is no difference.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>What was seen, in words.</summary>
    public required string Seen { get; init; }

    /// <summary>What to do about it.</summary>
    public required string ToDo { get; init; }

    /// <summary>In how many steps and tries of the run the same was found.</summary>
    public int Times { get; internal set; } = 1;

    /// <summary>The whole of it, in several lines.</summary>
    public override string ToString()
    {
        string where = Version is null ? $"engine \"{Engine}\"" : string.Create(CultureInfo.InvariantCulture,
            $"engine \"{Engine}\", the step from version {Version} (\"{Step}\"){(Times > 1 ? $"; seen {Times} times in this run" : "")}");
        return $"{Kind}: {where}\n{Indented(Seen)}\n{Indented($"To do: {ToDo}")}";
    }

    private static string Indented(string text) => $"    {text.ReplaceLineEndings("\n    ")}";
}

/// <summary>What a verification has run and found.</summary>
public sealed record VerificationReport
{
    /// <summary>What was found, in its order. Empty where the engine has passed.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>What is no fault but should be known: what could not be looked at.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>How many steps were run to their commit, or to their failure, of all items together.</summary>
    public required int Steps { get; init; }

    /// <summary>How often an engine's code was called for them.</summary>
    public required int Tries { get; init; }

    /// <summary>How many tries were dropped before their commit, as where the process dies there.</summary>
    public required int CrashesBeforeCommit { get; init; }

    /// <summary>How many commits were followed by an engine that was made afresh, as where the process dies there.</summary>
    public required int CrashesAfterCommit { get; init; }

    /// <summary>How often the process died around what a step has recorded of an effect: that its call begins, or its result.</summary>
    public int CrashesAroundEffects { get; init; }

    /// <summary>How many HTTP calls were seen, in all tries.</summary>
    public required int HttpCalls { get; init; }

    /// <summary>The item at the end; null where the engine was refused before it ran.</summary>
    public WorkSummary? Item { get; init; }

    /// <summary>How much virtual time has passed.</summary>
    public required TimeSpan VirtualTime { get; init; }

    /// <summary>Whether nothing was found.</summary>
    public bool Passed => Findings.Count == 0;

    /// <summary>The whole account.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"{(Passed ? "Nothing" : Findings.Count.ToString(culture))} found in {Steps:N0} steps and {Tries:N0} tries: ");
        text.Append(culture, $"{CrashesBeforeCommit:N0} crashes before a commit, {CrashesAfterCommit:N0} after one");
        if (CrashesAroundEffects > 0) text.Append(culture, $", {CrashesAroundEffects:N0} around an effect");
        text.Append(". ");
        text.Append(culture, $"{HttpCalls:N0} HTTP calls were seen. {VirtualTime:c} of virtual time has passed.");
        if (Item is { } item)
            text.Append(culture, $"\nThe item is {item.State.Name()} at version {item.Version}{(item.Error is { } error ? $": {error}" : ".")}");
        for (int i = 0; i < Findings.Count; i++) text.Append(culture, $"\n\n[{i + 1}] {Findings[i]}");
        foreach (string note in Notes) text.Append(culture, $"\n\nNote: {note}");
        return text.ToString();
    }
}

/// <summary>An engine has not passed. The message is the whole account of the <see cref="Report"/>.</summary>
public sealed class EngineVerificationException : Exception
{
    internal EngineVerificationException(VerificationReport report) : base(report.ToString()) => Report = report;

    /// <summary>What was run and found.</summary>
    public VerificationReport Report { get; }
}
