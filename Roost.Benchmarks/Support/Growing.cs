namespace Roost.Benchmarks;

/// <summary>How a state grows: what of it changes from one turn to the next, and where that stands.</summary>
internal enum GrowthShape
{
    /// <summary>About 200 bytes that only count: what a turn costs before its state counts for anything.</summary>
    Small,

    /// <summary>A counter, and behind it a list that gains a kilobyte.</summary>
    ListLast,

    /// <summary>A list that gains a kilobyte, and behind it counters.</summary>
    ListFirst,

    /// <summary>Two lists that gain half a kilobyte each, and a counter between them.</summary>
    TwoLists,

    /// <summary>A dictionary that gains an entry of half a kilobyte, and of which another of as much changes.</summary>
    Dictionary,

    /// <summary>A dictionary of 256 entries of a kilobyte, of which one changes.</summary>
    Replaced,

    /// <summary>Nothing of it is as it was: a megabyte of other text in each turn.</summary>
    Random,
}

internal sealed record Growth(int Turns);

internal sealed record SmallState(int Turn, string Note);

internal sealed record ListLastState(int Turn, List<string> Messages);

internal sealed record ListFirstState(List<string> Messages, int Turn, long Tokens);

internal sealed record TwoListsState(List<string> Questions, int Turn, List<string> Answers);

internal sealed record DictionaryState(int Turn, Dictionary<string, string> Pages);

internal sealed record RandomState(int Turn, string Text);

/// <summary>Steps a state of one shape until it has had its turns, and notes at each how long the log is and what the time is.</summary>
internal sealed class GrowingEngine<TState>(GrowthShape shape, Func<TState> first, Func<TState, int, TState> next, Func<TState, int> turnOf) : Engine<TState>
{
    /// <summary>Called at the beginning of each turn.</summary>
    public Action<int>? OnTurn { get; init; }

    public override string EngineId => Growing.EngineOf(shape);

    protected override TState Init(WorkItem item) => first();

    protected override Task<Outcome> StepAsync(TState state, StepContext context)
    {
        int turn = turnOf(state);
        OnTurn?.Invoke(turn);
        TState after = next(state, turn);
        return Task.FromResult(turn + 1 >= context.Item.PayloadAs<Growth>().Turns ? Done(after) : Continue(after));
    }
}

internal static class Growing
{
    private const int Entries = 256;
    private const int Kilobyte = 1024;

    public static string EngineOf(GrowthShape shape) => $"growing-{shape}";

    public static IEngine Engine(GrowthShape shape, Action<int>? onTurn = null) => shape switch
    {
        GrowthShape.Small => new GrowingEngine<SmallState>(shape, () => new(0, Text(0, 150)),
            (state, turn) => state with { Turn = turn + 1 }, state => state.Turn)
        {
            OnTurn = onTurn,
        },
        GrowthShape.ListLast => new GrowingEngine<ListLastState>(shape, () => new(0, []),
            (state, turn) => new(turn + 1, With(state.Messages, turn, Kilobyte)), state => state.Turn)
        {
            OnTurn = onTurn,
        },
        GrowthShape.ListFirst => new GrowingEngine<ListFirstState>(shape, () => new([], 0, 0),
            (state, turn) => new(With(state.Messages, turn, Kilobyte), turn + 1, state.Tokens + 311), state => state.Turn)
        {
            OnTurn = onTurn,
        },
        GrowthShape.TwoLists => new GrowingEngine<TwoListsState>(shape, () => new([], 0, []),
            (state, turn) => new(With(state.Questions, turn, Kilobyte / 2), turn + 1, With(state.Answers, turn, Kilobyte / 2)), state => state.Turn)
        {
            OnTurn = onTurn,
        },
        GrowthShape.Dictionary => new GrowingEngine<DictionaryState>(shape, () => new(0, []), (state, turn) => Added(state, turn), state => state.Turn)
        {
            OnTurn = onTurn,
        },
        GrowthShape.Replaced => new GrowingEngine<DictionaryState>(shape,
            () => new(0, Enumerable.Range(0, Entries).ToDictionary(n => $"page-{n}", n => Text(n, Kilobyte))), (state, turn) => Changed(state, turn),
            state => state.Turn)
        {
            OnTurn = onTurn,
        },
        GrowthShape.Random => new GrowingEngine<RandomState>(shape, () => new(0, Text(0, Kilobyte * Kilobyte)),
            (_, turn) => new(turn + 1, Text(turn + 1, Kilobyte * Kilobyte)), state => state.Turn)
        {
            OnTurn = onTurn,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(shape)),
    };

    private static List<string> With(List<string> list, int turn, int length)
    {
        list.Add(Text(turn, length));
        return list;
    }

    private static DictionaryState Added(DictionaryState state, int turn)
    {
        state.Pages[$"page-{turn * 7919 % (turn + 1)}"] = Text(turn, Kilobyte / 2);
        state.Pages[$"page-{turn + 1}"] = Text(-turn, Kilobyte / 2);
        return state with { Turn = turn + 1 };
    }

    private static DictionaryState Changed(DictionaryState state, int turn)
    {
        state.Pages[$"page-{turn * 7919 % Entries}"] = Text(turn + Entries, Kilobyte);
        return state with { Turn = turn + 1 };
    }

    /// <summary>Text that no two seeds have alike.</summary>
    private static string Text(int seed, int length) => string.Create(length, seed, static (text, seed) =>
    {
        var random = new Random(seed);
        random.GetItems<char>("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,", text);
    });
}
