namespace Roost.Benchmarks;

/// <summary>The same counter work on what one would take otherwise, and what each guarantees.</summary>
internal static class OthersBenchmark
{
    private const int Steps = 5;

    /// <summary>Shorter work is repeated: a run under a third of a second varies by a factor of two.</summary>
    private const double LeastSeconds = 1;

    public static async Task RunAsync(Settings settings)
    {
        int items = settings.Number("--items", 500);
        Row.Head($"others: {items} items x {Steps} steps, a state of about 200 bytes; steps per second without the enqueueing", settings.Runs);
        List<Rival> rivals =
        [
            Roost(settings.Folder, 64),
            Roost(settings.Folder, 1),
            NaiveLoop.Rival(settings.Folder),
            await QuartzCounter.RivalAsync(settings.Folder),
        ];
        if (settings.Text("--postgres") is { } postgres)
            rivals.Add(await HangfireCounter.OnPostgreSqlAsync(postgres));
        else
            Console.WriteLine("skipped: Hangfire on PostgreSQL; give --postgres \"Host=...;Username=...;Database=...\" to a database that may be written to.");
        rivals.Add(HangfireCounter.InMemory());
        foreach (Rival rival in rivals) await rival.WorkAsync(Math.Min(items, 100), Steps);
        var perSecond = rivals.ToDictionary(rival => rival, _ => new Sample());
        var ratios = rivals.ToDictionary(rival => rival, _ => new Sample());
        for (int run = 0; run < settings.Runs; run++)
        {
            double roost = 0;
            foreach (Rival rival in rivals)
            {
                double found = await MeasureAsync(rival, items, settings.Seconds("--seconds", LeastSeconds));
                if (rival == rivals[0]) roost = found;
                perSecond[rival].Add(found);
                ratios[rival].Add(found / roost);
            }
        }
        foreach (Rival rival in rivals)
        {
            Row.Write($"{(rival.IsDurable ? "durable" : "NOT DURABLE, not to be held against the others")}: {rival.Name}", perSecond[rival], "N0", "steps/s");
            Console.WriteLine($"    {ratios[rival].Format("0.000")} of Roost at 64; {rival.Guarantee}");
        }
    }

    private static async Task<double> MeasureAsync(Rival rival, int items, TimeSpan least)
    {
        (int done, TimeSpan time) = (0, TimeSpan.Zero);
        while (time < least)
        {
            time += await rival.WorkAsync(items, Steps);
            done += items * Steps;
        }
        return done / time.TotalSeconds;
    }

    private static Rival Roost(string folder, int concurrency) => new($"Roost, concurrency {concurrency}",
        "journal_mode=WAL, synchronous=FULL: a step that was reported survives a killed process and a power cut; steps of one item are kept apart by a " +
        "lease whose token every commit checks, in other processes, too; events and history are on, and each item's first commit, which makes its state, " +
        "is not counted as a step though its time is",
        true, async (items, steps) => TimeSpan.FromSeconds(items * (steps + 1) / await StepsBenchmark.ProductAsync(folder, items, steps, concurrency)));
}
