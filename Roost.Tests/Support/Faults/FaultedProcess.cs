using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>A process of <see cref="FaultRounds"/> from outside: after each round its answers are held against the file as another process sees it.</summary>
internal sealed class FaultedProcess(string library, string path) : IAsyncDisposable
{
    /// <summary>How often the writer tries to open the file again, to find out what became of a commit.</summary>
    private const int Reopenings = 5;

    private const long MostGrowth = 512 * 1024;

    private readonly ChildProcess child = ChildProcess.StartWith(FaultShim.Environment(library), "faults", path);
    private readonly List<Footprint> held = [];
    private readonly List<long> sizes = [];
    private int read, acknowledged, refused;
    private bool worked;

    public string Path => path;

    public int Rounds { get; private set; }

    public long Hits { get; private set; }

    public int Unknown { get; private set; }

    /// <summary>How many times the file was looked at as a crash would have left it.</summary>
    public int Images { get; private set; }

    private int Doors { get; set; }

    /// <returns>How many calls have failed.</returns>
    public async Task<long> RoundAsync(string task, Fault fault)
    {
        string which = $"round {++Rounds}: {task} {fault}";
        worked |= task == "work";
        await child.TellAsync($"{task} {Rounds} {fault}");
        string end = $"end {Rounds} ";
        if (task == "calls" && (await child.WaitForAsync($"failed {Rounds}", or: end)).StartsWith('f'))
        {
            LookAtImage(which);
            await child.TellAsync("on");
        }
        string[] words = (await child.WaitForAsync(end)).Split(' ');
        long hit = long.Parse(words[2], null);
        Hits += hit;
        held.Add(Footprint.Parse(words[3..]));
        sizes.Add(Probe.Number(path, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"));
        Check(path, New(), hit, which);
        return hit;
    }

    /// <summary>Ends the process, which has to leave a file that agrees with all it said, and to have held no more at the end than at the beginning.</summary>
    public async Task EndAsync()
    {
        IReadOnlyList<string> said = await child.StopAsync();

        child.ExitCode.Should().Be(0, child.Errors);
        FileAudit.MustHold(path, said);
        FileAudit.MustAgree(path);
        // A loop that could not begin may leave a row behind, which another worker takes away when its lease is over.
        if (!child.Errors.Contains("The loop has ended", StringComparison.Ordinal))
            FileAudit.MustHaveNoLeftovers(path);
        if (worked)
            FileAudit
                .Count(path, "roost_work w JOIN roost_lane l ON l.key = w.lane WHERE w.state <> 'done' AND l.engine <> 'nobody'")
                .Should()
                .Be(0, $"the loop goes on: {child.Errors}");
        MustHaveStayedFlat(Footprint.Parse(said.Single(line => line.StartsWith("closed ", StringComparison.Ordinal)).Split(' ')[1..]));
    }

    public void Report() => Effort.Report(
        $"{Rounds} rounds, {Hits:N0} failed calls, {acknowledged:N0} acknowledged, {refused:N0} refused, {Unknown} unknown, {Images} crash images, " +
        $"{Doors} failed openings; " +
        $"handles {held[0].Handles} to {held[^1].Handles}, threads {held[0].Threads} to {held[^1].Threads}, managed {held[0].Managed / 1024:N0} to " +
        $"{held[^1].Managed / 1024:N0} KiB");

    public ValueTask DisposeAsync() => child.DisposeAsync();

    /// <summary>The lines that were not looked at yet.</summary>
    private string[] New()
    {
        string[] lines = [.. child.Lines.Skip(read)];
        read += lines.Length;
        return lines;
    }

    /// <summary>Nobody writes now: the database and its log are what a crash would leave, without the index that the process shares.</summary>
    private void LookAtImage(string which)
    {
        string own = Directory.CreateDirectory(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, $"image-{Rounds}")).FullName;
        string image = System.IO.Path.Combine(own, "image.db");
        File.Copy(path, image);
        if (File.Exists(path + "-wal")) File.Copy(path + "-wal", image + "-wal");
        string[] lines = [.. child.Lines.Skip(read)];
        MustBeTrue(image, lines, which);
        FileAudit.MustAgree(image);
        Directory.Delete(own, recursive: true);
        Images++;
    }

    private void Check(string file, string[] lines, long hit, string which)
    {
        MustBeTrue(file, lines, which);
        acknowledged += lines.Count(line => line.StartsWith("enqueued", StringComparison.Ordinal));
        refused += lines.Count(line => line.StartsWith("refused", StringComparison.Ordinal));
        Doors += lines.Count(line => line.StartsWith("closed-door", StringComparison.Ordinal));
        int unknown = CountUnknown(lines, which);
        if (hit <= Reopenings) unknown.Should().Be(0, $"a commit and fewer than {Reopenings} reopenings have failed ({which}): {child.Errors}");
        Unknown += unknown;
        foreach (string copied in lines.Where(line => line.StartsWith("copied", StringComparison.Ordinal))) MustBeWhole(copied.Split(' ')[2], which);
        Directory.GetFiles(System.IO.Path.GetDirectoryName(path)!, "*copy*").Should().BeEmpty($"half a copy is not left ({which})");
    }

    /// <summary>Each unknown answer needs a commit of its own after which every reopening has failed.</summary>
    private int CountUnknown(string[] lines, string which)
    {
        int unknown = 0, failedReopenings = 0, lockedOut = 0;
        foreach (string line in lines)
            switch (line.Split(' ')[0])
            {
                case "could-not-write":
                    failedReopenings = 0;
                    break;
                case "could-not-open":
                    if (++failedReopenings == Reopenings) lockedOut++;
                    break;
                case "unknown":
                    (++unknown).Should().BeLessThanOrEqualTo(lockedOut, $"it could be found out ({which}): {child.Errors}");
                    break;
            }
        return unknown;
    }

    private static void MustBeTrue(string file, string[] lines, string which)
    {
        lines.Should().NotContain(line => line.StartsWith("wrong", StringComparison.Ordinal), which);
        using SqliteConnection open = FileAudit.Open(file);
        foreach (string[] words in lines.Select(line => line.Split(' ')))
            if (words[0] is "enqueued" or "refused")
                open.ExecuteScalar<long>("SELECT count(*) FROM roost_work WHERE id = @id", new { id = words[1] })
                    .Should()
                    .Be(words[0] == "enqueued" ? 1 : 0, $"{words[1]} was {words[0]} ({which})");
    }

    private static void MustBeWhole(string copy, string which)
    {
        FileAudit.Count(copy, "roost_meta WHERE key = 'copy_of'").Should().Be(1, which);
        FileAudit.MustAgree(copy);
        foreach (string file in new[] { copy, copy + "-wal", copy + "-shm" }) File.Delete(file);
    }

    private void MustHaveStayedFlat(Footprint closed)
    {
        closed.Threads.Should().Be(0, "no thread of Roost is left");
        closed.Sqlite.Should().BeLessThan(64 * 1024, "SQLite has given back what it held");
        int most = held.Max(it => it.Handles);
        closed.Handles.Should().BeLessThan(most, $"the files are closed ({string.Join(' ', held.Select(it => it.Handles))})");
        Footprint.MustStayFlat(held, MostGrowth, mostThreads: 1, sizes);
    }
}
