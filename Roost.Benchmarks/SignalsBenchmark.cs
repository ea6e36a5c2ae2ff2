using System.Collections.Concurrent;
using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>
/// What waiting costs: a loop beside many items that wait, and the way of a signal to the step that it wakes beside that of an enqueue, in a runtime that has
/// fallen asleep.
/// </summary>
internal static class SignalsBenchmark
{
    private const int AtOnce = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    /// <summary>Waits for one signal after the other, or is done at once; tells when each of its steps starts.</summary>
    private sealed class Waiter(Action<string, long> started) : Engine<int>
    {
        public const string Id = "waiter";

        public override string EngineId => Id;

        protected override int Init(WorkItem item)
        {
            started(item.Id, Stopwatch.GetTimestamp());
            return 0;
        }

        protected override Task<Outcome> StepAsync(int state, StepContext context)
        {
            if (context.Wake is not null) started(context.Item.Id, Stopwatch.GetTimestamp());
            return Task.FromResult(context.Item.Payload.TryGetProperty("once", out _) ? Done(state) : WaitFor("go", state + 1));
        }
    }

    public static async Task RunAsync(Settings settings)
    {
        int items = settings.Number("--items", 100_000), calls = settings.Number("--calls", 100);
        TimeSpan watch = settings.Seconds("--seconds", 20);
        Row.Head($"signals: {items:N0} items that wait; {calls} signals and {calls} enqueues in turn in each run", settings.Runs);
        string path = StoredFile.New(settings.Folder);
        var starts = new ConcurrentDictionary<string, TaskCompletionSource<long>>();
        await using (var roost = new RoostRuntime(path))
        {
            roost.AddEngine(new Waiter((id, at) =>
            {
                if (starts.TryRemove(id, out TaskCompletionSource<long>? waiting)) waiting.SetResult(at);
            }));
            for (int n = 0; n < items; n += AtOnce)
                await roost.EnqueueAsync(Enumerable.Range(n, Math.Min(AtOnce, items - n)).Select(i => new WorkItem(Waiter.Id) { Id = $"w{i}" }));
            await roost.RunUntilIdleAsync();
            using var stop = new CancellationTokenSource();
            Task loop = roost.RunAsync(stop.Token);
            await Task.Delay(watch / 4);
            Sample cpu = new(), written = new(), signal = new(), signalTail = new(), enqueue = new(), enqueueTail = new(), more = new();
            for (int run = 0; run < settings.Runs; run++)
            {
                TimeSpan before = Environment.CpuUsage.TotalTime;
                long bytes = Machine.BytesWritten;
                await Task.Delay(watch);
                cpu.Add((Environment.CpuUsage.TotalTime - before) / watch * 100);
                written.Add(Machine.BytesWritten - bytes);
                Latencies signals = new(), enqueues = new();
                for (int call = 0; call < calls; call++)
                {
                    signals.Add(await TimeAsync(starts, $"w{(run * calls + call) % items}", id => roost.SignalAsync(id, "go")));
                    enqueues.Add(await TimeAsync(starts, $"e{run}.{call}", id => roost.EnqueueAsync(new WorkItem(Waiter.Id, new { once = true }) { Id = id })));
                }
                signal.Add(signals.Percentile(0.5));
                signalTail.Add(signals.Percentile(0.99));
                enqueue.Add(enqueues.Percentile(0.5));
                enqueueTail.Add(enqueues.Percentile(0.99));
                more.Add(signals.Percentile(0.5) / enqueues.Percentile(0.5));
            }
            Row.Write("processor time of the loop beside them", cpu, "0.000", "% of a core");
            Row.Write("written meanwhile", written, "N0", "bytes");
            Row.Write("from a signal to the step that it wakes, p50", signal, "0.00", "ms");
            Row.Write("the same, p99", signalTail, "0.00", "ms");
            Row.Write("from an enqueue to its step, p50", enqueue, "0.00", "ms");
            Row.Write("the same, p99", enqueueTail, "0.00", "ms");
            Row.Write("a signal's way to that of an enqueue, p50", more, "0.00", "times");
            await stop.CancelAsync();
            await loop;
        }
        StoredFile.Delete(path);
    }

    private static async Task<TimeSpan> TimeAsync(ConcurrentDictionary<string, TaskCompletionSource<long>> starts, string id, Func<string, Task> call)
    {
        await Task.Delay(Pause);
        var waiting = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        starts[id] = waiting;
        long began = Stopwatch.GetTimestamp();
        await call(id);
        return Stopwatch.GetElapsedTime(began, await waiting.Task);
    }
}
