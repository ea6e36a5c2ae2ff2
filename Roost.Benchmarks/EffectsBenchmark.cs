using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>
/// What effects cost: durable records per second of steps that make several effects each, beside as many plain steps, which are a durable record each.
/// </summary>
internal static class EffectsBenchmark
{
    private const int Concurrency = 64, Effects = 5;

    /// <summary>What an outside call answers: some 60 bytes of JSON.</summary>
    private sealed record Receipt(string Id, int Amount, string Note);

    /// <summary>Counts, and makes effects in each step, one after the other or at once.</summary>
    private sealed class EffectEngine(bool atOnce, EffectOptions options) : Engine<Counter>
    {
        private static readonly string[] Names = [.. Enumerable.Range(0, Effects).Select(n => $"effect-{n}")];

        public override string EngineId => "effects";

        protected override Counter Init(WorkItem item) => new(0, item.PayloadAs<Target>().CountTo, new('x', 150));

        protected override async Task<Outcome> StepAsync(Counter state, StepContext context)
        {
            if (atOnce) await Task.WhenAll(Names.Select(name => context.OnceAsync(name, Call, options)));
            else
                foreach (string name in Names) await context.OnceAsync(name, Call, options);
            state = state with { Count = state.Count + 1 };
            return state.Count >= state.Target ? Done(state) : Continue(state);
        }

        private static Task<Receipt> Call(string key, CancellationToken token) => Task.FromResult(new Receipt(key, 7, "paid"));
    }

    public static async Task RunAsync(Settings settings)
    {
        int items = settings.Number("--items", 400), steps = settings.Number("--steps", 10);
        Row.Head($"effects: {items:N0} items x {steps:N0} steps of {Effects} effects beside as many plain steps, concurrency {Concurrency}", settings.Runs);
        await StepsBenchmark.WarmUpAsync(settings, Concurrency);
        (string Name, bool AtOnce, EffectOptions Options, Goal? Goal)[] kinds =
        [
            ("one after the other", false, new(), Goal.AtLeast(0.7)), ("at once", true, new(), Goal.AtLeast(0.7)),
            ("one after the other that ask, so of two records each", false, new() { Interrupted = Effect.Ask }, null),
        ];
        Sample[] rates = [.. kinds.Select(_ => new Sample())], ratios = [.. kinds.Select(_ => new Sample())];
        Sample plain = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            double bare = await StepsBenchmark.ProductAsync(settings.Folder, items, steps * (Effects + 1), Concurrency);
            plain.Add(bare);
            for (int kind = 0; kind < kinds.Length; kind++)
            {
                double rate = await MeasureAsync(settings.Folder, items, steps, kinds[kind].AtOnce, kinds[kind].Options);
                rates[kind].Add(rate);
                ratios[kind].Add(rate / bare);
            }
        }
        Row.Write("plain steps", plain, "N0", "records/s");
        for (int kind = 0; kind < kinds.Length; kind++)
        {
            Row.Write($"effects {kinds[kind].Name}, and their steps", rates[kind], "N0", "records/s");
            Row.Write("the same to plain steps", ratios[kind], "0.00", "times", kinds[kind].Goal);
        }
    }

    private static async Task<double> MeasureAsync(string folder, int items, int steps, bool atOnce, EffectOptions options)
    {
        string path = StoredFile.New(folder);
        double perSecond;
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Concurrency }))
        {
            roost.AddEngine(new EffectEngine(atOnce, options));
            await roost.EnqueueAsync(Enumerable.Range(0, items).Select(_ => new WorkItem("effects", new Target(steps))));
            var watch = Stopwatch.StartNew();
            await roost.RunUntilIdleAsync();
            int each = options.Interrupted == Effect.Repeat ? Effects : 2 * Effects;
            perSecond = items * ((steps * (each + 1.0)) + 1) / watch.Elapsed.TotalSeconds;
            long done = (await roost.GetCountsAsync()).Total.Done;
            if (done != items) throw new InvalidOperationException($"{done} items are done where {items} are right.");
        }
        StoredFile.Delete(path);
        return perSecond;
    }
}
