using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>
/// What streams cost whoever steps beside them: 16 long steps write 10,000 pieces a second in all, or are silent, while the other slots step as fast as they
/// can. Windows of one run in turn, so that each rate has its pair beside it.
/// </summary>
internal static class StreamsBenchmark
{
    private const int Concurrency = 64, Talkers = 16, PerSecond = 10_000;

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(5);

    /// <summary>One long step: while it is to talk, it writes its share of the pieces, each a word of a model.</summary>
    private sealed class Talker : Engine<int>
    {
        private long written;

        public override string EngineId => "talker";

        public volatile bool Talks;

        public long Written => Volatile.Read(ref written);

        protected override int Init(WorkItem item) => 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            StepStream stream = context.OpenStream("tokens");
            using var beat = new PeriodicTimer(Beat);
            long since = 0, said = 0;
            try
            {
                while (await beat.WaitForNextTickAsync(context.CancellationToken))
                {
                    if (!Talks) since = 0;
                    else if (since == 0) (since, said) = (Stopwatch.GetTimestamp(), 0);
                    if (since == 0) continue;
                    long due = (long)(Stopwatch.GetElapsedTime(since).TotalSeconds * PerSecond / Talkers);
                    for (; said < due; said++)
                    {
                        stream.Write("token ");
                        Interlocked.Increment(ref written);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // It has talked enough.
            }
            return Done(state);
        }
    }

    /// <summary>Steps for ever.</summary>
    private sealed class Stepper : Engine<Counter>
    {
        private long steps;

        public override string EngineId => "stepper";

        public long Steps => Volatile.Read(ref steps);

        protected override Counter Init(WorkItem item) => new(0, int.MaxValue, new('x', 150));

        protected override Task<Outcome> StepAsync(Counter state, StepContext context)
        {
            Interlocked.Increment(ref steps);
            return Task.FromResult(Continue(state with { Count = state.Count + 1 }));
        }
    }

    public static async Task RunAsync(Settings settings)
    {
        int pairs = settings.Number("--pairs", 5);
        TimeSpan window = TimeSpan.FromMilliseconds(settings.Number("--milliseconds", 2000));
        Row.Head(
            $"streams: {Talkers} steps that write {PerSecond:N0} pieces a second in all, beside {Concurrency - Talkers} slots that step; windows of " +
            $"{window.TotalSeconds:0.0} s in turn, {pairs} pairs a run", settings.Runs);
        await StepsBenchmark.WarmUpAsync(settings, Concurrency);
        Sample silent = new(), talking = new(), ratio = new(), followed = new(), same = new(), pieces = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            string path = StoredFile.New(settings.Folder);
            await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Concurrency = Concurrency }))
            {
                (Talker talker, Stepper stepper) = (new(), new());
                roost.AddEngine(talker).AddEngine(stepper);
                IEnumerable<WorkItem> talkers = Enumerable.Range(0, Talkers).Select(_ => new WorkItem("talker") { Priority = 1 });
                IReadOnlyList<EnqueueResult> talks = await roost.EnqueueAsync(talkers);
                await roost.EnqueueAsync(Enumerable.Range(0, Concurrency - Talkers).Select(_ => new WorkItem("stepper")));
                using var stop = new CancellationTokenSource();
                Task loop = roost.RunAsync(stop.Token);
                await RateAsync(stepper, window);
                for (int pair = 0; pair < pairs; pair++)
                {
                    double first = await RateAsync(stepper, window), second = await RateAsync(stepper, window);
                    same.Add(second / first);
                    double before = await RateAsync(stepper, window);
                    long said = talker.Written;
                    talker.Talks = true;
                    double meanwhile = await RateAsync(stepper, window);
                    pieces.Add((talker.Written - said) / window.TotalSeconds);
                    using var reading = new CancellationTokenSource();
                    Task[] readers = [.. talks.Select(item => ReadAsync(roost, item.Id, reading.Token))];
                    double read = await RateAsync(stepper, window);
                    talker.Talks = false;
                    await reading.CancelAsync();
                    await Task.WhenAll(readers);
                    silent.Add(before);
                    talking.Add(meanwhile);
                    ratio.Add(meanwhile / before);
                    followed.Add(read / before);
                }
                await stop.CancelAsync();
                await loop;
            }
            StoredFile.Delete(path);
        }
        Row.Write("steps while the others are silent", silent, "N0", "steps/s");
        Row.Write("silent beside silent (A/A)", same, "0.00", "times");
        Row.Write("steps while they write", talking, "N0", "steps/s");
        Row.Write("pieces written meanwhile", pieces, "N0", "pieces/s");
        Row.Write("writing beside silent", ratio, "0.00", "times", Goal.AtLeast(0.9));
        Row.Write("the same while each stream is followed", followed, "0.00", "times");
    }

    private static async Task<double> RateAsync(Stepper stepper, TimeSpan window)
    {
        long since = Stopwatch.GetTimestamp(), before = stepper.Steps;
        await Task.Delay(window);
        return (stepper.Steps - before) / Stopwatch.GetElapsedTime(since).TotalSeconds;
    }

    private static async Task ReadAsync(RoostRuntime roost, string workId, CancellationToken cancellationToken)
    {
        StreamInfo stream = (await roost.ListStreamsAsync(workId, cancellationToken: CancellationToken.None)).Items[0];
        try
        {
            await foreach (StreamPiece _ in roost.WatchStreamAsync(workId, "tokens", stream.End, cancellationToken)) { }
        }
        catch (OperationCanceledException)
        {
            // It has read enough.
        }
    }
}
