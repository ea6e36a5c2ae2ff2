using System.Collections.Immutable;

namespace Roost.Tests.Support;

/// <summary>
/// What a process does that is killed at a random moment while items wait for signals, answers and children: it works, signals and answers, and says what was
/// acknowledged.
/// </summary>
internal static class SignalVerb
{
    public const int Collectors = 4, Askers = 3, Families = 3, Members = 3;

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

    /// <summary>Has some children for each signal, and collects their names as they end.</summary>
    private sealed class Family : Engine<Given>
    {
        public override string EngineId => "family";

        protected override Given Init(WorkItem item) => new([]);

        protected override async Task<Outcome> StepAsync(Given state, StepContext context)
        {
            if (context.Wake?.Signal is { } signal)
            {
                string name = signal.PayloadAs<string>();
                context.AddChildren(Enumerable.Range(0, Members).Select(n => new WorkItem("member", new { name = $"{name}.{n}" })));
                context.AddChild(new WorkItem("member", new { name = $"{name} detached" }) { Detached = true });
                return WaitForChildren(new(state.Things.Add(name)), state.Things.Count % 2 == 0 ? ChildJoin.All : ChildJoin.Any);
            }
            if (context.Wake?.Children is { } children)
            {
                await foreach (Child<string> child in context.ChildrenAsync<string>(ChildScope.NewlyEnded)) state = new(state.Things.Add(child.Data!));
                if (context.Attempt == 1 && state.Things.Count % 5 == 4) throw new InvalidOperationException("The first try fails.");
                if (children.Open > 0) return WaitForChildren(state, ChildJoin.Any);
            }
            return WaitFor("add", state);
        }
    }

    private sealed class Member : Engine<string>
    {
        public override string EngineId => "member";

        protected override string Init(WorkItem item) => item.Payload.GetProperty("name").GetString()!;

        protected override async Task<Outcome> StepAsync(string state, StepContext context)
        {
            await Task.Yield();
            if (context.Attempt == 1 && state.EndsWith('1')) throw new InvalidOperationException("The first try fails.");
            return Done(state);
        }
    }

    public static Task<int> RunAsync(string path, int seed) =>
        RunAsync(ChildVerbs.Options(path), new(seed), $"{seed}", Acts, leaves: false, ChildProgram.UntilInputEnds());

    /// <param name="options">Of the file.</param>
    /// <param name="random">What it does follows from it.</param>
    /// <param name="name">Of this process; what it sends is called by it.</param>
    /// <param name="acts">How much it does by itself.</param>
    /// <param name="leaves">Whether it leaves after that.</param>
    /// <param name="end">When it leaves at the latest.</param>
    public static async Task<int> RunAsync(RoostOptions options, Random random, string name, int acts, bool leaves, CancellationToken end)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(end);
        await using RoostRuntime roost = Open(options);
        ChildProgram.Say("open");
        await roost.EnqueueAsync(Items(), CancellationToken.None);
        Task loop = roost.RunAsync(stop.Token);
        for (int i = 0; i < acts && !end.IsCancellationRequested; i++)
        {
            await Task.Delay(random.Next(15), end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // They come one by one, as a host's do.
            if (random.Next(3) > 0) await SignalAsync(roost, random, $"{name}.{i}");
            else await AnswerAsync(roost, random, $"{name}.{i}");
        }
        ChildProgram.Say(Over);
        if (leaves) await stop.CancelAsync();
        await loop;
        return 0;
    }

    public static RoostRuntime Open(RoostOptions options) =>
        new RoostRuntime(
            options with { LeaseTime = TimeSpan.FromSeconds(2), LoggerFactory = new ChildVerbs.ErrorLog(), MaxInterruptions = 1000 })
            .AddEngine(new Collector())
            .AddEngine(new Asker())
            .AddEngine(new Family())
            .AddEngine(new Member());

    private static IEnumerable<WorkItem> Items() =>
    [
        .. Enumerable.Range(0, Collectors).Select(n => new WorkItem("collector") { Id = $"collector-{n}", IdempotencyKey = $"{n}" }),
        .. Enumerable.Range(0, Askers).Select(n => new WorkItem("asker") { Id = $"asker-{n}", IdempotencyKey = $"{n}" }),
        .. Enumerable.Range(0, Families).Select(n => new WorkItem("family") { Id = $"family-{n}", IdempotencyKey = $"{n}" }),
    ];

    /// <summary>Half of them are delivered twice.</summary>
    private static async Task SignalAsync(RoostRuntime roost, Random random, string id)
    {
        int n = random.Next(Collectors + Families);
        string to = n < Collectors ? $"collector-{n}" : $"family-{n - Collectors}";
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
