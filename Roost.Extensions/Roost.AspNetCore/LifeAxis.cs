using Roost.AspNetCore.Output;

namespace Roost.AspNetCore;

/// <summary>A rectangle of a life on an axis: where it begins and how wide it is, in hundredths of it.</summary>
public sealed record LifePiece(double X, double Width, LifeKind Kind, string? Outcome, string Said);

/// <summary>One axis of time that several lives are drawn on.</summary>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends.</param>
public sealed record LifeAxis(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>What is narrower is drawn as wide as this, together with what else is there.</summary>
    private const double Least = 0.4;

    /// <summary>How many effects that are drawn as one are named.</summary>
    private const int Named = 6;

    /// <summary>An axis on which all of these lives have room.</summary>
    public static LifeAxis Over(IEnumerable<IReadOnlyList<LifeSegment>> lives, DateTimeOffset now)
    {
        LifeSegment[] all = [.. lives.SelectMany(life => life)];
        return all.Length == 0 ? new(now, now) : new(all.Min(one => one.From), all.Max(one => one.To));
    }

    /// <summary>How long it is.</summary>
    public TimeSpan Length => To - From;

    /// <summary>What is drawn of a life. What is too narrow to be seen goes into one piece with its neighbours; a try among them makes that a try.</summary>
    public IReadOnlyList<LifePiece> Draw(IReadOnlyList<LifeSegment> life) => Gather(life, one => one.From, one => one.To, PieceOf);

    /// <summary>What is drawn of effects within tries; also of these, what is too narrow to be seen goes into one piece with its neighbours.</summary>
    /// <param name="effects">In the order in which they began.</param>
    /// <param name="now">The time, for those that go on.</param>
    public IReadOnlyList<LifePiece> DrawInside(IReadOnlyList<EffectInfo> effects, DateTimeOffset now)
    {
        return Gather(effects, one => one.BegunAt, EndOf, parts =>
        {
            (double x, double width) = Spread(parts[0].BegunAt, parts.Max(EndOf));
            string said = string.Join("; ", parts.Take(Named).Select(SaidOf));
            return new(x, width, LifeKind.Running, null, parts.Count > Named ? $"{said}; and {Text.Number(parts.Count - Named)} more" : said);
        });

        DateTimeOffset EndOf(EffectInfo one) => one.EndedAt ?? (one.State == EffectState.Running ? now : one.BegunAt);
    }

    /// <summary>What people call a segment of this kind.</summary>
    public static string NameOf(LifeKind kind) => kind switch
    {
        LifeKind.DeadLetter => "dead letter",
        LifeKind.Running => "ran",
        _ => kind.ToString().ToLowerInvariant(),
    };

    /// <summary>How long an item was in which kind of segment, and how often it was tried.</summary>
    public static string InWords(IReadOnlyList<LifeSegment> life)
    {
        var parts = new List<string>();
        foreach (LifeKind kind in (LifeKind[])[
            LifeKind.Running, LifeKind.Ready, LifeKind.Queued, LifeKind.Delayed, LifeKind.Blocked, LifeKind.Backoff, LifeKind.Waiting, LifeKind.DeadLetter,
            LifeKind.Unknown])
        {
            LifeSegment[] of = [.. life.Where(one => one.Kind == kind)];
            TimeSpan length = of.Aggregate(TimeSpan.Zero, (sum, one) => sum + one.Length);
            if (of.Length == 0 || (kind != LifeKind.Running && length < TimeSpan.FromMilliseconds(1))) continue;
            int bad = of.Count(one => one.Outcome == "bad");
            string tries = kind != LifeKind.Running || (of.Length == 1 && bad == 0) ? ""
                : $" in {Text.Count(of.Length, "try").Replace("trys", "tries", StringComparison.Ordinal)}{(bad > 0 ? $", {bad} failed" : "")}";
            parts.Add($"{NameOf(kind)} {Times.Span(length)}{tries}");
        }
        return string.Join(", ", parts);
    }

    /// <summary>How many effects an item has, and of how many of them nobody knows whether they have happened.</summary>
    /// <param name="effects">Those that were read.</param>
    /// <param name="isAll">There are no more.</param>
    public static string InWords(IReadOnlyList<EffectInfo> effects, bool isAll)
    {
        int unknown = effects.Count(one => one.State == EffectState.Unknown);
        return $"{(isAll ? "" : "at least ")}{Text.Count(effects.Count, "effect")}{(unknown > 0 ? $", {Text.Number(unknown)} unknown" : "")}";
    }

    private List<LifePiece> Gather<T>(IReadOnlyList<T> parts, Func<T, DateTimeOffset> from, Func<T, DateTimeOffset> to, Func<List<T>, LifePiece> pieceOf)
    {
        var pieces = new List<LifePiece>();
        var narrow = new List<T>();
        foreach (T one in parts)
        {
            bool isWide = Place(to(one)) - Place(from(one)) >= Least;
            if (narrow.Count > 0 && (isWide || Place(to(one)) - Place(from(narrow[0])) > Least)) Flush();
            if (isWide) pieces.Add(pieceOf([one]));
            else narrow.Add(one);
        }
        if (narrow.Count > 0) Flush();
        return pieces;

        void Flush()
        {
            pieces.Add(pieceOf(narrow));
            narrow.Clear();
        }
    }

    private double Place(DateTimeOffset time) => Length <= TimeSpan.Zero ? 0 : Math.Clamp(100 * ((time - From) / Length), 0, 100);

    private LifePiece PieceOf(List<LifeSegment> parts)
    {
        LifeSegment shown = parts.FirstOrDefault(one => one.Outcome == "bad") ?? parts.FirstOrDefault(one => one.Kind == LifeKind.Running)
            ?? parts.MaxBy(one => one.Length)!;
        (double x, double width) = Spread(parts[0].From, parts[^1].To);
        return new(x, width, shown.Kind, shown.Outcome, parts.Count == 1 ? SaidOf(shown) : InWords(parts));
    }

    private (double X, double Width) Spread(DateTimeOffset from, DateTimeOffset to)
    {
        double width = Math.Max(Place(to) - Place(from), Least);
        return (Math.Min(Place(from), 100 - width), width);
    }

    private static string SaidOf(EffectInfo one) =>
        $"effect {one.Path}: {(one.EndedAt is { } ended ? Times.Span(ended - one.BegunAt) : one.State.ToString().ToLowerInvariant())}";

    private static string SaidOf(LifeSegment one)
    {
        string end = one.End is null || one.Outcome == "now" ? "" : $": {one.End}";
        string detail = string.IsNullOrEmpty(one.Detail) ? "" : one.Kind == LifeKind.Waiting ? $" {one.Detail}" : $": {one.Detail}";
        string name = one.IsOpen && one.Kind == LifeKind.Running ? "running" : NameOf(one.Kind);
        return $"{name} {Times.Span(one.Length)}{(one.IsOpen ? " until now" : "")}{end}{detail}";
    }
}
