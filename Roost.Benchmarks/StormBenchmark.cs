using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>What an item goes through: so many steps of so long, each of which kills its process or never returns by itself where it is asked to.</summary>
internal sealed record Weather(int Steps, int Milliseconds, bool Crashes = false, bool Hangs = false);

/// <summary>How long healthy items take beside steps that kill their process, steps that always time out, and kills from outside.</summary>
internal static class StormBenchmark
{
    public const string Serve = "serve-storm";

    private const int Crashers = 3, Hanging = 6, TimeoutMilliseconds = 1000;

    public static async Task RunAsync(Settings settings)
    {
        int items = settings.Number("--items", 200), steps = settings.Number("--steps", 20), milliseconds = settings.Number("--milliseconds", 100);
        TimeSpan every = settings.Seconds("--seconds", 3);
        Row.Head(
            $"storm: {items} items of {steps} steps of {milliseconds} ms on 16 slots, alone, and beside {Crashers} that kill their process, {Hanging} " +
            $"that always time out and a kill each {every.TotalSeconds:0.#} s",
            settings.Runs
        );
        Sample calm = new(),
            storm = new(),
            ratio = new(),
            deaths = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            WorkItem[] healthy = [.. Enumerable.Range(0, items).Select(_ => new WorkItem(StormEngine.Id, new Weather(steps, milliseconds)))];
            (double alone, _) = await MeasureAsync(settings.Folder, healthy, [], null);
            WorkItem[] sick =
            [
                .. Enumerable.Range(0, Crashers).Select(_ => new WorkItem(StormEngine.Id, new Weather(steps, milliseconds, Crashes: true))),
                .. Enumerable
                    .Range(0, Hanging)
                    .Select(_ => new WorkItem(StormEngine.Id, new Weather(steps, milliseconds, Hangs: true))
                    {
                        Timeout = TimeSpan.FromMilliseconds(TimeoutMilliseconds),
                        MaxAttempts = 1000,
                    }),
            ];
            (double beside, int died) = await MeasureAsync(settings.Folder, healthy, sick, every);
            calm.Add(alone);
            storm.Add(beside);
            ratio.Add(beside / alone);
            deaths.Add(died);
        }
        Row.Write("storm, alone", calm, "N1", "s");
        Row.Write("storm, beside them", storm, "N1", "s");
        Row.Write("storm, deaths of the process", deaths, "N0", "");
        Row.Write("storm, times as long", ratio, "N2", "", Goal.AtMost(3));
    }

    /// <summary>A child's verb: serves the file until its input is closed, or one of its steps ends it.</summary>
    public static async Task ServeAsync(Settings settings)
    {
        CancellationToken stop = Child.Stopped();
        await using var roost = new RoostRuntime(settings.Text("--file")!);
        roost.AddEngine(new StormEngine());
        await roost.RunAsync(stop);
    }

    /// <summary>Until the healthy are done, with one worker that is started again whenever it has died.</summary>
    private static async Task<(double Seconds, int Deaths)> MeasureAsync(string folder, WorkItem[] healthy, WorkItem[] sick, TimeSpan? killEvery)
    {
        string path = StoredFile.New(folder);
        int deaths = 0;
        double seconds;
        await using (var roost = new RoostRuntime(path))
        {
            await roost.EnqueueAsync(sick);
            string[] ids = [.. (await roost.EnqueueAsync(healthy)).Select(result => result.Id)];
            Task done = Task.WhenAll(ids.Select(id => roost.WaitAsync(id)));
            long since = Stopwatch.GetTimestamp();
            while (!done.IsCompleted)
            {
                await using Child child = Child.Start(Serve, "--file", path);
                Task over = killEvery is { } every ? Task.Delay(every) : Task.Delay(Timeout.Infinite);
                await Task.WhenAny(done, over, child.Ended);
                if (done.IsCompleted) break;
                deaths++;
            }
            await done;
            seconds = Stopwatch.GetElapsedTime(since).TotalSeconds;
            foreach (string id in ids)
                if ((await roost.GetAsync(id)).Summary.State != WorkState.Done) throw new InvalidOperationException($"The healthy item {id} did not end done.");
        }
        StoredFile.Delete(path);
        return (seconds, deaths);
    }

    private sealed class StormEngine : Engine<int>
    {
        public const string Id = "storm";

        public override string EngineId => Id;

        protected override int Init(WorkItem item) => 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            Weather weather = context.Item.PayloadAs<Weather>();
            await Task.Delay(weather.Milliseconds, context.CancellationToken);
            if (weather.Crashes) Process.GetCurrentProcess().Kill();
            if (weather.Hangs || weather.Crashes) await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return state + 1 == weather.Steps ? Done(state + 1) : Continue(state + 1);
        }
    }
}
