using System.Collections.Immutable;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>
/// What a process does that is killed at a random moment within effects of all three kinds, whose calls go to a service beside it. It answers truthfully what a
/// person is asked, and says what it has seen recorded.
/// </summary>
internal static class EffectVerb
{
    /// <summary>It has done what it does by itself; it still works on whatever is there.</summary>
    public const string Over = "over";

    /// <summary>The stream to which each step writes what its effects have come to.</summary>
    public const string Said = "said";

    private const int Acts = 6;

    /// <summary>How many steps an item has where nobody says it, and how many effects each of them has.</summary>
    public const int Steps = 4, EffectsOfAStep = 3;

    /// <summary>What the item's effects have come to, in the order of its steps.</summary>
    public sealed record Paid(ImmutableList<string> Things);

    /// <summary>
    /// Each step has an effect that may be repeated, one that is asked about, and one that the service is asked about; and so has
    /// the first state.
    /// </summary>
    private sealed class Payer(string path, Random random, int steps) : Engine<Paid>
    {
        public override string EngineId => "payer";

        public RoostRuntime? Runtime { get; set; }

        protected override Paid Init(WorkItem item) => new([]);

        protected override async Task<Paid> InitAsync(WorkItem item, StepContext context) =>
            new([await RepeatedAsync(context), .. await OthersAsync(context)]);

        protected override async Task<Outcome> StepAsync(Paid state, StepContext context)
        {
            StepStream said = context.OpenStream(Said);
            string repeated = await RepeatedAsync(context);
            said.Write($"{repeated};");
            if (Next(3) == 0) await ShowAsync(context, said);
            string[] others = await OthersAsync(context);
            said.Write($"{string.Join(';', others)};");
            if (context.Attempt == 1 && context.Version % 3 == 2) throw new InvalidOperationException("The first try fails.");
            state = new(state.Things.AddRange([repeated, .. others]));
            return context.Version == steps ? Done(state) : Continue(state);
        }

        private Task<string> RepeatedAsync(StepContext context) => CallAsync(context, "repeated", "repeat", new());

        private Task<string[]> OthersAsync(StepContext context) => Task.WhenAll(
            CallAsync(context, "asked", "ask", new() { Interrupted = Effect.Ask }),
            CallAsync(context, "probed", "probe", new()
            {
                Interrupted = Effect.Probe<string>((key, _) => Task.FromResult(Probe(key))),
            }));

        private Probed<string> Probe(string key)
        {
            Points.Reach("a call is probed");
            return Service.Find(path, key) is { } found ? Probed.Happened(found) : Probed.DidNot;
        }

        /// <summary>Others have read this at its offset: nothing else may ever stand there.</summary>
        private async Task ShowAsync(StepContext context, StepStream said)
        {
            await said.FlushAsync();
            foreach (StreamPiece piece in (await Runtime!.ReadStreamAsync(context.Item.Id, Said)).Pieces)
                ChildProgram.Say($"said {context.Item.Id} {piece.Offset} {piece.Text}");
        }

        private async Task<string> CallAsync(StepContext context, string name, string kind, EffectOptions options)
        {
            string result = await context.OnceAsync(name, async (key, token) =>
            {
                await Task.Delay(Next(6), CancellationToken.None);
                Points.Reach($"a call of {kind} is to be made");
                string made = Service.Call(path, key, kind);
                Points.Reach($"a call of {kind} was made");
                await Task.Delay(Next(6), CancellationToken.None);
                token.ThrowIfCancellationRequested();
                return made;
            }, options);
            Service.Recorded(path, result);
            Points.Reach($"the result of {kind} is there");
            return result;
        }

        private int Next(int most)
        {
            lock (random) return random.Next(most);
        }
    }

    public static async Task<int> RunAsync(string path, int seed)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        var random = new Random(seed);
        await using RoostRuntime roost = Open(path, random);
        ChildProgram.Say("open");
        Task loop = roost.RunAsync(end);
        Task answers = AnswerAsync(roost, path, end);
        for (int i = 0; i < Acts && !end.IsCancellationRequested; i++)
        {
            await Task.Delay(random.Next(15), end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // They come one by one, as a host's do.
            string id = $"item-{seed}-{i}";
            await roost.EnqueueAsync(new WorkItem("payer") { Id = id }, CancellationToken.None);
            ChildProgram.Say($"enqueued {id}");
        }
        ChildProgram.Say(Over);
        await loop;
        await answers;
        return 0;
    }

    public static RoostRuntime Open(string path, Random random) =>
        Open(
            ChildVerbs.Options(path) with { LeaseTime = TimeSpan.FromSeconds(2), LoggerFactory = new ChildVerbs.ErrorLog(), MaxInterruptions = 1000 },
            random,
            Steps);

    public static RoostRuntime Open(RoostOptions options, Random random, int steps)
    {
        var payer = new Payer(options.Path!, random, steps);
        return payer.Runtime = new RoostRuntime(options).AddEngine(payer);
    }

    /// <summary>Works off what is there, and says what is true where it is asked.</summary>
    public static async Task FinishAsync(RoostRuntime roost, string path)
    {
        do
            await roost.RunUntilIdleAsync();
        while (await AnswerOnceAsync(roost, path) > 0 || roost.Items().Exists(item => !item.State.IsEnded()));
    }

    /// <summary>Somebody looks at the service's account, and says what is true.</summary>
    public static async Task<int> AnswerOnceAsync(RoostRuntime roost, string path)
    {
        IReadOnlyList<AskInfo> open = (await roost.ListAsksAsync(limit: 1000)).Items;
        foreach (AskInfo ask in open)
        {
            EffectInfo effect = (await roost.ListEffectsAsync(ask.WorkId, 1000)).Items
                .Single(each => each.State == EffectState.Unknown && each.Path == ask.Effect);
            object answer = Service.Find(path, effect.Key) is { } result ? new { outcome = "happened", result } : new { outcome = "did_not" };
            try
            {
                await roost.AnswerAsync(ask.Id, answer, $"process {Environment.ProcessId}");
            }
            catch (AskClosedException)
            {
                // Somebody else came first.
            }
        }
        return open.Count;
    }

    private static async Task AnswerAsync(RoostRuntime roost, string path, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            await Task.Delay(10, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await AnswerOnceAsync(roost, path);
            }
            catch (InvalidOperationException)
            {
                // The question was answered by another between the two reads.
            }
        }
    }

    /// <summary>A service that counts each key once, and its account of all calls in their order.</summary>
    public static class Service
    {
        /// <summary>Counts a call, and answers what the first with its key was answered.</summary>
        public static string Call(string path, string key, string kind)
        {
            using SqliteConnection account = Open(path);
            using SqliteTransaction counting = account.BeginTransaction(deferred: false);
            string result = Find(account, key) ?? $"{kind}-{Guid.NewGuid():N}";
            Write(account, "called", key, result);
            counting.Commit();
            return result;
        }

        /// <summary>What the first call with a key was answered; null where there was none.</summary>
        public static string? Find(string path, string key)
        {
            using SqliteConnection account = Open(path);
            return Find(account, key);
        }

        /// <summary>Somebody has a result of which he knows that it is recorded.</summary>
        public static void Recorded(string path, string result)
        {
            using SqliteConnection account = Open(path);
            Write(account, "recorded", "", result);
        }

        /// <summary>What was called, and what was seen to be recorded, in their order.</summary>
        public static List<(string What, string Result)> Lines(string path)
        {
            using SqliteConnection account = Open(path);
            return [.. account.Query<(string, string)>("SELECT what, result FROM line ORDER BY n")];
        }

        private static string? Find(SqliteConnection account, string key) =>
            account.QueryFirstOrDefault<string>("SELECT result FROM line WHERE key = @key AND what = 'called' ORDER BY n LIMIT 1", new { key });

        private static void Write(SqliteConnection account, string what, string key, string result) =>
            account.Execute("INSERT INTO line (what, key, result) VALUES (@what, @key, @result)", new { what, key, result });

        private static SqliteConnection Open(string path)
        {
            var account = new SqliteConnection($"Data Source={path}.account;Pooling=False;Default Timeout=60");
            account.Open();
            account.Execute(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; " +
                "CREATE TABLE IF NOT EXISTS line (n INTEGER PRIMARY KEY AUTOINCREMENT, what, key, result); " +
                "CREATE INDEX IF NOT EXISTS line_key ON line (key)");
            return account;
        }
    }
}
