using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>Runs a loop until so many steps have started, however many more are ready, and tells how many did and in what time.</summary>
internal sealed class Stint
{
    private int started, wanted;
    private long first, last;
    private TaskCompletionSource enough = new();

    /// <summary>What the engine calls at the start of each step.</summary>
    public void Started()
    {
        int n = Interlocked.Increment(ref started);
        if (n == 1) first = Stopwatch.GetTimestamp();
        if (n != wanted) return;
        last = Stopwatch.GetTimestamp();
        enough.SetResult();
    }

    /// <summary>How many steps were made in all, those included that ran when enough had started, and how many a second until then.</summary>
    public async Task<(int Steps, double PerSecond)> RunAsync(RoostRuntime roost, int steps)
    {
        (started, wanted, enough) = (0, steps, new(TaskCreationOptions.RunContinuationsAsynchronously));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await enough.Task;
        await stop.CancelAsync();
        await loop;
        return (started, steps / Stopwatch.GetElapsedTime(first, last).TotalSeconds);
    }
}
