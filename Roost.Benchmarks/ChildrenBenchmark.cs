using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>
/// What a family costs: many children of one parent that are enqueued by its step, run, joined and read, beside as many items without a parent; and the end
/// of a child beside few and beside many brothers.
/// </summary>
internal static class ChildrenBenchmark
{
    private const int FailsOneIn = 100;

    private sealed record Part(int Number, bool IsRead);

    private sealed record Total(int Read, int Failed);

    /// <summary>Is done with its first step, or fails.</summary>
    private sealed class Child : Engine<Part>
    {
        public const string Id = "part";

        public override string EngineId => Id;

        public static WorkItem Of(int number) => new(Id, new { number });

        protected override Part Init(WorkItem item) => new(item.Payload.GetProperty("number").GetInt32(), false);

        protected override Task<Outcome> StepAsync(Part state, StepContext context) =>
            Task.FromResult(state.Number % FailsOneIn == 0 ? Fail("as one in a hundred does") : Done(state with { IsRead = true }));
    }

    private sealed class Parent : Engine<Total>
    {
        public const string Id = "parent";

        public override string EngineId => Id;

        protected override Total Init(WorkItem item) => new(0, 0);

        protected override async Task<Outcome> StepAsync(Total state, StepContext context)
        {
            if (context.Wake is null)
            {
                context.AddChildren(Enumerable.Range(0, context.Item.Payload.GetProperty("children").GetInt32()).Select(Child.Of));
                return WaitForChildren(state);
            }
            (int read, int failed) = (0, 0);
            await foreach (Child<Part> child in context.ChildrenAsync<Part>())
            {
                if (child.State == WorkState.Failed) failed++;
                else read += child.Data!.IsRead ? 1 : 0;
            }
            return Done(new Total(read, failed));
        }
    }

    public static async Task RunAsync(Settings settings)
    {
        int items = settings.Number("--items", 10_000), many = settings.Number("--brothers", 100_000), ends = settings.Number("--ends", 5000);
        Row.Head($"children: {items:N0} items with and without a parent in turn in each run, 1 in {FailsOneIn} failing", settings.Runs);
        Sample alone = new(), family = new(), time = new(), cpuAlone = new(), cpuFamily = new(), cpu = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            (double seconds, double processor) a = await MeasureAsync(settings, roost => AloneAsync(roost, items));
            (double seconds, double processor) b = await MeasureAsync(settings, roost => FamilyAsync(roost, items));
            alone.Add(a.seconds);
            family.Add(b.seconds);
            time.Add(b.seconds / a.seconds);
            cpuAlone.Add(a.processor);
            cpuFamily.Add(b.processor);
            cpu.Add(b.processor / a.processor);
        }
        Row.Write("without a parent: enqueued and run", alone, "0.00", "s");
        Row.Write("children: enqueued, run, joined and read", family, "0.00", "s");
        Row.Write("children to items without a parent", time, "0.00", "times", Goal.AtMost(1.3));
        Row.Write("the same in processor time", cpu, "0.00", "times");

        Sample few = new(), most = new(), more = new();
        for (int run = 0; run < settings.Runs; run++)
        {
            double beside10 = await EndAsync(settings, 10, ends), besideMany = await EndAsync(settings, many, ends);
            few.Add(beside10);
            most.Add(besideMany);
            more.Add(besideMany / beside10);
        }
        Row.Write("a child, run to its end, beside 10 brothers: processor time", few, "0.0", "microseconds");
        Row.Write($"the same beside {many:N0} brothers", most, "0.0", "microseconds");
        Row.Write("many brothers to few", more, "0.00", "times");
    }

    private static async Task AloneAsync(RoostRuntime roost, int items)
    {
        await roost.EnqueueAsync(Enumerable.Range(0, items).Select(Child.Of));
        await roost.RunUntilIdleAsync();
        WorkCounts counts = await roost.GetCountsAsync();
        if (counts.Total.Done + counts.Total.Failed != items) throw new InvalidOperationException($"of {items} items {counts.Total} have ended");
    }

    private static async Task FamilyAsync(RoostRuntime roost, int items)
    {
        string parent = await roost.EnqueueAsync(new WorkItem(Parent.Id, new { children = items }));
        await roost.RunUntilDoneAsync(parent);
        Total total = (await roost.GetSnapshotAsync(parent)).DataAs<Total>();
        if (total.Read + total.Failed != items) throw new InvalidOperationException($"of {items} children {total} were read");
    }

    private static async Task<(double Seconds, double Processor)> MeasureAsync(Settings settings, Func<RoostRuntime, Task> work)
    {
        string path = StoredFile.New(settings.Folder);
        (double, double) taken;
        await using (var roost = new RoostRuntime(path))
        {
            roost.AddEngine(new Child());
            roost.AddEngine(new Parent());
            GC.Collect();
            TimeSpan processor = Environment.CpuUsage.TotalTime;
            long began = Stopwatch.GetTimestamp();
            await work(roost);
            taken = (Stopwatch.GetElapsedTime(began).TotalSeconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds);
        }
        StoredFile.Delete(path);
        return taken;
    }

    /// <summary>Children that end beside brothers which rest.</summary>
    private static async Task<double> EndAsync(Settings settings, int brothers, int ends)
    {
        const int AtOnce = 1000;
        string path = StoredFile.New(settings.Folder);
        double each;
        await using (var roost = new RoostRuntime(path))
        {
            roost.AddEngine(new Child());
            string parent = await roost.EnqueueAsync(new WorkItem("nobody"));
            for (int n = 0; n < brothers; n += AtOnce)
                await roost.EnqueueAsync(
                    Enumerable.Range(n, Math.Min(AtOnce, brothers - n))
                        .Select(number => Child.Of(number) with { ParentId = parent, Delay = TimeSpan.FromDays(1) }));
            await roost.EnqueueAsync(Enumerable.Range(0, ends).Select(number => Child.Of(number) with { ParentId = parent }));
            TimeSpan processor = Environment.CpuUsage.TotalTime;
            await roost.RunUntilIdleAsync();
            each = (Environment.CpuUsage.TotalTime - processor).TotalMicroseconds / ends;
        }
        StoredFile.Delete(path);
        return each;
    }
}
