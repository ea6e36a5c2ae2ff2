using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Roost.Observing;

/// <summary>The meter named <c>Roost</c>. Nothing is measured while nobody listens, and a listener that throws disturbs no work.</summary>
internal static class Meters
{
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
    };

    private static readonly InstrumentAdvice<double> LongSeconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400, 604800],
    };

    private static readonly InstrumentAdvice<long> Requests = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] };

    private static readonly Meter Meter = new("Roost");

    public static readonly Counter<long> Enqueued = Meter.CreateCounter<long>("roost.enqueued", "{item}", "Work items that were enqueued.");

    public static readonly Counter<long> Steps = Meter.CreateCounter<long>("roost.steps", "{step}", "Steps that were run.");

    public static readonly Counter<long> Ends = Meter.CreateCounter<long>("roost.ends", "{item}", "Work items that have ended.");

    public static readonly Counter<long> Retries = Meter.CreateCounter<long>("roost.retries", "{try}", "Tries of a step after which it is tried again.");

    public static readonly Counter<long> Interruptions = Meter.CreateCounter<long>(
        "roost.interruptions", "{interruption}", "Steps whose process has died, as found by the worker that takes them over.");

    public static readonly Counter<long> LeaseLosses = Meter.CreateCounter<long>(
        "roost.lease.losses", "{lease}", "Leases that were lost while their step ran; what it brought is thrown away.");

    public static readonly Histogram<double> StepDuration = Meter.CreateHistogram(
        "roost.step.duration", "s", "How long a step took with its commit.", tags: null, Seconds);

    public static readonly Histogram<double> CommitDuration = Meter.CreateHistogram(
        "roost.commit.duration", "s", "How long a transaction took, until it was durable.", tags: null, Seconds);

    public static readonly Histogram<long> CommitRequests = Meter.CreateHistogram(
        "roost.commit.requests", "{request}", "How many requests were committed by one transaction.", tags: null, Requests);

    public static readonly Histogram<double> Waits = Meter.CreateHistogram(
        "roost.wait.duration", "s", "How long a work item waited, by what for.", tags: null, LongSeconds);

    public static readonly Histogram<double> LockWait = Meter.CreateHistogram(
        "roost.write_lock.wait", "s", "How long a transaction waited for other processes to let it write.", tags: null, Seconds);

    static Meters()
    {
        Meter.CreateObservableGauge("roost.items", OpenFiles.Items, "{item}", "Work items that have not ended, and dead letters, by condition.");
        Meter.CreateObservableGauge("roost.log.size", OpenFiles.LogSizes, "By", "The size of the file's write-ahead log.");
    }

    /// <summary>The moment, for what is measured from here on; 0, and nothing else, while nobody listens.</summary>
    public static long Since(Instrument instrument) => instrument.Enabled ? Stopwatch.GetTimestamp() : 0;

    public static void Count(Counter<long> counter, in TagList tags)
    {
        try
        {
            counter.Add(1, tags);
        }
        catch (Exception)
        {
            // A listener's own defect.
        }
    }

    public static void Record<T>(Histogram<T> histogram, T value, in TagList tags) where T : struct
    {
        try
        {
            histogram.Record(value, tags);
        }
        catch (Exception)
        {
            // A listener's own defect.
        }
    }

    /// <summary>What has lasted since <see cref="Since"/>.</summary>
    public static void Record(Histogram<double> histogram, long since, in TagList tags)
    {
        if (since != 0) Record(histogram, Stopwatch.GetElapsedTime(since).TotalSeconds, tags);
    }
}
