using System.Diagnostics;
using System.Globalization;

namespace Roost.Tests.Support;

/// <summary>What a process holds at one moment, once whatever can be collected is.</summary>
internal sealed record Footprint(int Handles, int Threads, long Managed, long Sqlite)
{
    private const int LeastToCompare = 12;
    private const int MostHandles = 3; // A handle that each round leaves open is more than that.

    public long All => Managed + Sqlite;

    public static Footprint Now()
    {
        using Process process = Process.GetCurrentProcess();
        int handles = OperatingSystem.IsLinux() ? Directory.GetFileSystemEntries("/proc/self/fd").Length : process.HandleCount;
        return new(handles, process.Threads.Count, GC.GetTotalMemory(forceFullCollection: true), SQLitePCL.raw.sqlite3_memory_used());
    }

    public static Footprint Parse(string[] words) =>
        new(int.Parse(words[0], null), int.Parse(words[1], null), long.Parse(words[2], null), long.Parse(words[3], null));

    public string ToWords() => string.Create(CultureInfo.InvariantCulture, $"{Handles} {Threads} {Managed} {Sqlite}");

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Handles} handles, {Threads} threads, {Managed / 1024:N0} KiB managed, {Sqlite / 1024:N0} KiB of SQLite");

    /// <summary>
    /// Of looks at equal distances the first third opens and compiles what the process keeps; what the last third holds (its median) must not be
    /// more than what the second does, but for what the allocators leave open. So a leak shows however small each one is, once they are many.
    /// Where the file grows, SQLite keeps more of its pages, and something beside each: its sizes at the looks are given too.
    /// </summary>
    public static void MustStayFlat(IReadOnlyList<Footprint> looks, long mostBytes, int mostThreads, IReadOnlyList<long>? sizes = null)
    {
        if (looks.Count < LeastToCompare) return;
        string all = string.Join('\n', looks);
        long Growth(Func<Footprint, long> part) => GrowthOf([.. looks.Select(part)]);
        Growth(it => it.Handles).Should().BeLessThanOrEqualTo(MostHandles, $"handles do not grow:\n{all}");
        Growth(it => it.Threads).Should().BeLessThanOrEqualTo(mostThreads, $"threads do not grow:\n{all}");
        Growth(it => it.Managed).Should().BeLessThan(mostBytes, $"managed memory does not grow:\n{all}");
        long pages = sizes is null ? 0 : GrowthOf(sizes) * 11 / 10;
        Growth(it => it.Sqlite).Should().BeLessThan(mostBytes + pages, $"SQLite's memory does not grow:\n{all}");
    }

    private static long GrowthOf(IReadOnlyList<long> values)
    {
        int third = values.Count / 3;
        return Median(values.TakeLast(third)) - Median(values.Skip(third).Take(third));
    }

    private static long Median(IEnumerable<long> values)
    {
        long[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
