namespace Roost;

/// <summary>
/// How many of its children an item waits for. Counted are the ends, in whatever state, that no step after such a wait was shown before; each also wakes the
/// item when none of its children is open, so that without any it goes on at once. Detached children (<see cref="WorkItem.Detached"/>) are not counted.
/// </summary>
public sealed record ChildJoin
{
    private ChildJoin(int ends) => Ends = ends;

    /// <summary>Until none is open.</summary>
    public static ChildJoin All { get; } = new(0) { IsAll = true };

    /// <summary>Until one has ended that no step was shown.</summary>
    public static ChildJoin Any { get; } = new(1);

    /// <summary>Until so many have ended that no step was shown: at least 1, and no more than there can be when the wait begins.</summary>
    public static ChildJoin AtLeast(int ends) => new(ends) { MustBeThere = true };

    /// <summary>
    /// Whether the failure of one is enough: a child that has become a dead letter, of which no step was shown. Default false. One that was cancelled is no
    /// failure.
    /// </summary>
    public bool OrFailure { get; init; }

    /// <summary>It waits for all.</summary>
    public bool IsAll { get; private init; }

    /// <summary>How many ends it waits for; 0 where that is all.</summary>
    public int Ends { get; }

    /// <summary>So many were named, and where there are fewer, somebody has miscounted.</summary>
    internal bool MustBeThere { get; private init; }

    /// <summary>As it was stored.</summary>
    internal static ChildJoin Of(long ends, bool orFailure) => (ends == 0 ? All : ends == 1 ? Any : AtLeast((int)ends)) with { OrFailure = orFailure };

    /// <summary><c>all</c>, <c>any</c> or <c>at least 3</c>, with <c>or a failure</c>.</summary>
    public override string ToString() => (IsAll ? "all" : Ends == 1 ? "any" : $"at least {Ends}") + (OrFailure ? " or a failure" : "");
}

/// <summary>How the children of an item stood when its first step after a wait for them was begun: each of its tries is told the same.</summary>
public sealed record ChildProgress
{
    /// <summary>How many ends this step is shown that none before it was; a child that was retried and has ended again counts again.</summary>
    public required int NewlyEnded { get; init; }

    /// <summary>How many children were open that are not detached.</summary>
    public required int Open { get; init; }

    /// <summary>The number of the last end that a step before was shown, and of the last that this one is.</summary>
    internal long Shown { get; init; }

    internal long Last { get; init; }
}
