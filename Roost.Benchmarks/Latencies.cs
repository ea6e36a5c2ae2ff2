using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>How long each of many calls took, in milliseconds.</summary>
internal sealed class Latencies
{
    private readonly List<double> sorted = [];

    public Latencies() { }

    public Latencies(IEnumerable<double> milliseconds) => sorted = [.. milliseconds.Order()];

    /// <summary>Asks every query in turn, so often, so that none has a quieter time than its neighbours.</summary>
    public static async Task<Latencies[]> OfAsync(IReadOnlyList<OperatorQuery> queries, int calls)
    {
        Latencies[] all = [.. queries.Select(_ => new Latencies())];
        for (int call = 0; call < calls; call++)
            for (int query = 0; query < queries.Count; query++)
            {
                long began = Stopwatch.GetTimestamp();
                await queries[query].AskAsync(call);
                all[query].sorted.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        foreach (Latencies each in all) each.sorted.Sort();
        return all;
    }

    public double Max => sorted[^1];

    /// <summary>The least time that this share of the calls kept to.</summary>
    public double Percentile(double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];
}
