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

    /// <summary>An axis on which all of these lives have room.</summary>
    public static LifeAxis Over(IEnumerable<IReadOnlyList<LifeSegment>> lives, DateTimeOffset now)
    {
        LifeSegment[] all = [.. lives.SelectMany(life => life)];
        return all.Length == 0 ? new(now, now) : new(all.Min(one => one.From), all.Max(one => one.To));
    }

    /// <summary>How long it is.</summary>
    public TimeSpan Length => To - From;

    /// <summary>What is drawn of a life. What is too narrow to be seen goes into one piece with its neighbours; a try among them makes that a try.</summary>
    public IReadOnlyList<LifePiece> Draw(IReadOnlyList<LifeSegment> life)
    {
        var pieces = new List<LifePiece>();
        var narrow = new List<LifeSegment>();
        foreach (LifeSegment one in life)
        {
            if (narrow.Count > 0 && (IsWide(one) || Place(one.To) - Place(narrow[0].From) > Least)) Flush();
            if (IsWide(one)) pieces.Add(PieceOf([one]));
            else narrow.Add(one);
        }
        if (narrow.Count > 0) Flush();
        return pieces;

        void Flush()
        {
            pieces.Add(PieceOf(narrow));
            narrow.Clear();
        }
    }

    /// <summary>What is drawn of effects within a try.</summary>
    public IReadOnlyList<LifePiece> DrawInside(IReadOnlyList<EffectInfo> effects, DateTimeOffset now) => [.. effects.Select(effect =>
    {
        DateTimeOffset end = effect.EndedAt ?? (effect.State == EffectState.Running ? now : effect.BegunAt);
        double width = Math.Max(Place(end) - Place(effect.BegunAt), Least);
        string took = effect.EndedAt is null ? effect.State.ToString().ToLowerInvariant() : Times.Span(end - effect.BegunAt);
        return new LifePiece(Math.Min(Place(effect.BegunAt), 100 - width), width, LifeKind.Running, null, $"effect {effect.Path}: {took}");
    })];

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

    private bool IsWide(LifeSegment one) => Place(one.To) - Place(one.From) >= Least;

    private double Place(DateTimeOffset time) => Length <= TimeSpan.Zero ? 0 : Math.Clamp(100 * ((time - From) / Length), 0, 100);

    private LifePiece PieceOf(List<LifeSegment> parts)
    {
        LifeSegment shown = parts.FirstOrDefault(one => one.Outcome == "bad") ?? parts.FirstOrDefault(one => one.Kind == LifeKind.Running)
            ?? parts.MaxBy(one => one.Length)!;
        double width = Math.Max(Place(parts[^1].To) - Place(parts[0].From), Least);
        return new(Math.Min(Place(parts[0].From), 100 - width), width, shown.Kind, shown.Outcome, parts.Count == 1 ? SaidOf(shown) : InWords(parts));
    }

    private static string SaidOf(LifeSegment one)
    {
        string end = one.End is null || one.Outcome == "now" ? "" : $": {one.End}";
        string detail = string.IsNullOrEmpty(one.Detail) ? "" : one.Kind == LifeKind.Waiting ? $" {one.Detail}" : $": {one.Detail}";
        string name = one.IsOpen && one.Kind == LifeKind.Running ? "running" : NameOf(one.Kind);
        return $"{name} {Times.Span(one.Length)}{(one.IsOpen ? " until now" : "")}{end}{detail}";
    }
}
