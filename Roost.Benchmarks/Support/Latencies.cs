using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Roost.Benchmarks;

/// <summary>How long each of many calls took, in milliseconds.</summary>
internal sealed class Latencies
{
    private readonly List<double> values = [];
    private bool sorted;

    public Latencies() { }

    public Latencies(IEnumerable<double> milliseconds) => values.AddRange(milliseconds);

    /// <summary>Asks every query in turn, so often, so that none has a quieter time than its neighbours.</summary>
    public static async Task<Latencies[]> OfAsync(IReadOnlyList<OperatorQuery> queries, int calls)
    {
        Latencies[] all = [.. queries.Select(_ => new Latencies())];
        for (int call = 0; call < calls; call++)
            for (int query = 0; query < queries.Count; query++)
            {
                long began = Stopwatch.GetTimestamp();
                await queries[query].AskAsync(call);
                all[query].Add(Stopwatch.GetElapsedTime(began));
            }
        return all;
    }

    /// <summary>Collects what one of the runtime's histograms of seconds records, until it is disposed.</summary>
    public static IDisposable Listen(string histogram, ConcurrentQueue<double> milliseconds)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == histogram)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, seconds, _, _) => milliseconds.Enqueue(seconds * 1000));
        listener.Start();
        return listener;
    }

    public void Add(TimeSpan time)
    {
        values.Add(time.TotalMilliseconds);
        sorted = false;
    }

    public int Count => values.Count;

    public double Max => Percentile(1);

    /// <summary>The least time that this share of the calls kept to; not a number where there were none.</summary>
    public double Percentile(double share)
    {
        if (values.Count == 0) return double.NaN;
        if (!sorted) values.Sort();
        sorted = true;
        return values[Math.Max(0, (int)Math.Ceiling(share * values.Count) - 1)];
    }
}
