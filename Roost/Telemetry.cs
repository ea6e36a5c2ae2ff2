using System.Diagnostics;
using System.Diagnostics.Metrics;
using Roost.Stores;

namespace Roost;

/// <summary>What tracing and metrics tools see: an activity source and a meter, both named <c>Roost</c>. A listener that throws disturbs no work.</summary>
internal static class Telemetry
{
    private static readonly ActivitySource Source = new("Roost");
    private static readonly Meter Meter = new("Roost");
    private static readonly Counter<long> Steps = Meter.CreateCounter<long>("roost.steps", "{step}", "Steps that were run, by engine.");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>(
        "roost.step.duration",
        "s",
        "How long a step took with its commit, by engine."
    );
    private static readonly Histogram<double> LockWait = Meter.CreateHistogram<double>(
        "roost.write_lock.wait",
        "s",
        "How long a transaction waited for other processes to let it write."
    );

    /// <summary>Measures one step until it is disposed; costs nothing while nobody listens.</summary>
    public static Measure Step(LeasedWork lease)
    {
        Activity? activity = Source.HasListeners() ? Start(lease) : null;
        return new(activity, lease.Lane.Engine, Duration.Enabled ? Stopwatch.GetTimestamp() : 0);
    }

    private static Activity? Start(LeasedWork lease)
    {
        Activity? before = Activity.Current;
        try
        {
            return Source
                .StartActivity("roost.step")
                ?.SetTag("roost.work_id", lease.Item.Id)
                .SetTag("roost.engine", lease.Lane.Engine)
                .SetTag("roost.version", lease.Version);
        }
        catch (Exception)
        {
            Activity.Current = before; // Else it would be the parent of the next step's, and so on.
            return null;
        }
    }

    /// <summary>When a wait for the write lock began; 0, and nothing else, while nobody listens.</summary>
    public static long LockWaitBegins() => LockWait.Enabled ? Stopwatch.GetTimestamp() : 0;

    public static void LockWaitEnded(long since)
    {
        if (since == 0) return;
        try
        {
            LockWait.Record(Stopwatch.GetElapsedTime(since).TotalSeconds);
        }
        catch (Exception)
        {
            // A listener's own defect.
        }
    }

    internal readonly struct Measure(Activity? activity, string engine, long since) : IDisposable
    {
        public void Dispose()
        {
            try
            {
                activity?.Dispose();
                if (Steps.Enabled) Steps.Add(1, new KeyValuePair<string, object?>("roost.engine", engine));
                if (since != 0) Duration.Record(Stopwatch.GetElapsedTime(since).TotalSeconds, new KeyValuePair<string, object?>("roost.engine", engine));
            }
            catch (Exception)
            {
                // A listener's own defect.
            }
        }
    }
}
