using System.Globalization;
using Roost.AspNetCore.Input;

namespace Roost.AspNetCore;

/// <summary>Which events an address of the console means.</summary>
internal sealed record EventQuery(EventFilter Filter, long? Before, long? After, long? Number)
{
    public bool IsFiltered =>
        Filter.Kinds.Count > 0 || Filter.Engine is not null || Filter.WorkId is not null || Filter.From is not null || Filter.Until is not null;

    public static EventQuery Of(Func<string, string?> read)
    {
        DateTimeOffset? from = Instants.Past("from", read("from")),
            until = Instants.Past("until", read("until"));
        if (from >= until)
            throw new InvalidInputException("until", "is not after from; exchange the two, or leave one out.");
        return new(
            new()
            {
                Kinds = KindsOf(read("kind")),
                Engine = read("engine"),
                WorkId = read("id"),
                From = from,
                Until = until,
            },
            Sequence(read, "before"),
            Sequence(read, "after"),
            Sequence(read, "no")
        );
    }

    /// <summary>The words of a command that means the same.</summary>
    public static IEnumerable<string> Options(Func<string, string?> read, EventFilter filter)
    {
        if (filter.Kinds.Count > 0) yield return $"--kind {Words.Quote(string.Join(',', filter.Kinds))}";
        if (filter.Engine is { } engine) yield return $"--engine {Words.Quote(engine)}";
        if (read("from") is { } from) yield return $"--since {Words.Quote(from)}";
        if (read("until") is { } until) yield return $"--until {Words.Quote(until)}";
    }

    /// <summary>The kinds of the names given; of a part of a name, all known ones that hold it, and engines' own that are called like that.</summary>
    private static IReadOnlyList<string> KindsOf(string? text) => [.. Lists.Split(text is null ? null : [text]).SelectMany(Meant).Distinct()];

    private static IEnumerable<string> Meant(string word)
    {
        string name = word.Replace(' ', '_');
        if (EventKinds.All.Contains(name) || name.StartsWith("engine.", StringComparison.Ordinal)) return [name];
        return EventKinds.All.Where(kind => kind.Contains(name, StringComparison.OrdinalIgnoreCase)).Append($"engine.{word}");
    }

    private static long? Sequence(Func<string, string?> read, string name)
    {
        if (read(name) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new InvalidInputException(name, $"\"{(text.Length > 40 ? text[..40] + "…" : text)}\" is no sequence number.");
    }
}
