using System.Collections.Immutable;

namespace Roost.Tests.Support;

/// <summary>
/// What a process does that is killed at a random moment while items wait for signals and answers: it works, signals and answers, and says what was
/// acknowledged.
/// </summary>
internal static class SignalVerb
{
    public const int Collectors = 4, Askers = 3;

    /// <summary>It has done what it does by itself; it still works on whatever is there.</summary>
    public const string Over = "over";

    private const int Acts = 12;

    /// <summary>What an item has been given, in the order in which its steps took it.</summary>
    public sealed record Given(ImmutableList<string> Things);

    /// <summary>Collects what it is sent, and waits for more; some waits are short, and it takes more than one at a time.</summary>
    private sealed class Collector : Engine<Given>
    {
        public override string EngineId => "collector";

        protected override Given Init(WorkItem item) => new([]);

        protected override async Task<Outcome> StepAsync(Given state, StepContext context)
        {
            if (context.Wake?.Signal is { } first) state = new(state.Things.Add(first.PayloadAs<string>()));
            await Task.Yield();
            state = new(state.Things.AddRange(context.TakeSignals("add", 3).Select(signal => signal.PayloadAs<string>())));
            if (context.Attempt == 1 && state.Things.Count % 5 == 4) throw new InvalidOperationException("The first try fails.");
            if (state.Things.Count % 7 == 3) context.Signal($"collector-{(state.Things.Count + 1) % Collectors}", "other", state.Things.Count);
            return WaitFor("add", state, state.Things.Count % 2 == 0 ? TimeSpan.FromMilliseconds(40) : null);
        }
    }

    /// <summary>Asks one question after the other.</summary>
    private sealed class Asker : Engine<Given>
    {
        public override string EngineId => "asker";

        protected override Given Init(WorkItem item) => new([]);

        protected override Task<Outcome> StepAsync(Given state, StepContext context)
        {
            if (context.Wake?.Answer is { } answer) state = new(state.Things.Add(answer.As<string>()));
            return Task.FromResult(Ask<string>(state, $"Question {context.Version}", state.Things.Count % 2 == 0 ? TimeSpan.FromMilliseconds(80) : null));
        }
    }

    public static async Task<int> RunAsync(string path, int seed)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        await using RoostRuntime roost = Open(path);
        await roost.EnqueueAsync(Items());
        Task loop = roost.RunAsync(end);
        var random = new Random(seed);
        for (int i = 0; i < Acts && !end.IsCancellationRequested; i++)
        {
            await Task.Delay(random.Next(15), end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // They come one by one, as a host's do.
            if (random.Next(3) > 0) await SignalAsync(roost, random, $"{seed}.{i}");
            else await AnswerAsync(roost, random, $"{seed}.{i}");
        }
        ChildProgram.Say(Over);
        await loop;
        return 0;
    }

    public static RoostRuntime Open(string path) =>
        new RoostRuntime(
            ChildVerbs.Options(path) with { LeaseTime = TimeSpan.FromSeconds(2), LoggerFactory = new ChildVerbs.ErrorLog(), MaxInterruptions = 1000 })
            .AddEngine(new Collector())
            .AddEngine(new Asker());

    private static IEnumerable<WorkItem> Items() =>
    [
        .. Enumerable.Range(0, Collectors).Select(n => new WorkItem("collector") { Id = $"collector-{n}", IdempotencyKey = $"{n}" }),
        .. Enumerable.Range(0, Askers).Select(n => new WorkItem("asker") { Id = $"asker-{n}", IdempotencyKey = $"{n}" }),
    ];

    /// <summary>Half of them are delivered twice.</summary>
    private static async Task SignalAsync(RoostRuntime roost, Random random, string id)
    {
        string to = $"collector-{random.Next(Collectors)}";
        for (int times = random.Next(1, 3); times > 0; times--) await roost.SignalAsync(to, "add", id, signalId: id);
        ChildProgram.Say($"signalled {to} {id}");
    }

    private static async Task AnswerAsync(RoostRuntime roost, Random random, string id)
    {
        IReadOnlyList<AskInfo> open = (await roost.ListAsksAsync()).Items;
        if (open.Count == 0) return;
        AskInfo ask = open[random.Next(open.Count)];
        try
        {
            if ((await roost.AnswerAsync(ask.Id, id, by: $"process {Environment.ProcessId}")).Created) ChildProgram.Say($"answered {ask.WorkId} {id} {ask.Id}");
        }
        catch (AskClosedException)
        {
            // Somebody else came first, or its time was over.
        }
    }
}
