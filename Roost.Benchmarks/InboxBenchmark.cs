using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>How long a person's first page of open questions takes, of all and of those for one of them, beside many.</summary>
internal static class InboxBenchmark
{
    private const int AtOnce = 1000, People = 100;

    private sealed record Approval(bool Approved, string? Note);

    private sealed class Asker : Engine<int>
    {
        public const string Id = "asker";

        public override string EngineId => Id;

        protected override int Init(WorkItem item) => 0;

        protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(
            context.Wake is null ? Ask<Approval>(1, $"May **{context.Item.Id}** go on?", of: context.Item.Payload.GetProperty("of").GetString()) : Done(2));
    }

    public static async Task RunAsync(Settings settings)
    {
        int items = settings.Number("--items", 10_000), calls = settings.Number("--calls", 500);
        Row.Head($"inbox: {items:N0} open questions for {People} people; {calls} calls of each in each run", settings.Runs);
        string path = StoredFile.New(settings.Folder);
        await using (var roost = new RoostRuntime(path))
        {
            roost.AddEngine(new Asker());
            for (int n = 0; n < items; n += AtOnce)
                await roost.EnqueueAsync(
                    Enumerable.Range(n, Math.Min(AtOnce, items - n)).Select(i => new WorkItem(Asker.Id, new { of = $"person {i % People}" })));
            await roost.RunUntilIdleAsync();
            Sample all = new(), own = new(), answer = new();
            for (int run = 0; run < settings.Runs; run++)
            {
                all.Add(await TailAsync(calls, _ => roost.ListAsksAsync()));
                own.Add(await TailAsync(calls, n => roost.ListAsksAsync(new() { For = $"person {n % People}" })));
                IReadOnlyList<AskInfo> open = (await roost.ListAsksAsync(limit: 100)).Items;
                answer.Add(await TailAsync(open.Count, n => roost.AnswerAsync(open[n].Id, new Approval(true, null), "somebody")));
            }
            Row.Write("the first page of 50 of all, p99", all, "0.00", "ms", Goal.AtMost(20));
            Row.Write("the first page of 50 for one of them, p99", own, "0.00", "ms", Goal.AtMost(20));
            Row.Write("an answer, one after the other, p99", answer, "0.00", "ms");
        }
        StoredFile.Delete(path);
    }

    private static async Task<double> TailAsync(int calls, Func<int, Task> call)
    {
        var found = new Latencies();
        for (int n = 0; n < calls; n++)
        {
            long began = Stopwatch.GetTimestamp();
            await call(n);
            found.Add(Stopwatch.GetElapsedTime(began));
        }
        return found.Percentile(0.99);
    }
}
