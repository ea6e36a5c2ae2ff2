using System.Diagnostics;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>One file in the hands of many processes at once, for long.</summary>
[TestFixture, NonParallelizable, Category("Reliability")] // It measures shares of the machine.
internal sealed class ManyProcessesTests : FolderFixture
{
    private const int Workers = 8, Enqueuers = 4;

    /// <summary>Twice what the log may grow to before it is moved, at 4 KiB a page.</summary>
    private const long LogBound = 2L * 15_000 * 4096;

    private const double MinShare = 0.5;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string[] Pages = ["/", "/work", "/work?state=done", "/dead-letters", "/events", "/resources", "/artifacts", "/engines", "/system"];

    private string path = null!;

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

    [Test]
    public async Task Workers_enqueuers_a_console_backups_and_a_reader_that_stays_open_share_one_file()
    {
        TimeSpan time = TimeSpan.FromSeconds(Effort.Times(6, 600)), betweenBackups = TimeSpan.FromSeconds(Effort.Times(2, 20));
        await using var roost = new RoostRuntime(path);
        await using IAsyncEnumerator<WorkEvent> reader = roost.WatchEventsAsync().GetAsyncEnumerator();
        await roost.EnqueueAsync(new WorkItem("nobody"));
        (await reader.MoveNextAsync()).Should().BeTrue();
        ChildProcess[] workers = [.. Enumerable.Range(0, Workers).Select(_ => ChildProcess.Start("work", path, "30000"))];
        ChildProcess[] enqueuers = [.. Enumerable.Range(0, Enqueuers).Select(i => ChildProcess.Start("enqueue-many", path, $"{i}", $"{Effort.Times(10, 20)}"))];
        await using CommandProcess console = CommandProcess.Start(folder, new Dictionary<string, string>(), "ui");
        try
        {
            string line = (await console.ReadLineAsync())!;
            await Task.WhenAll([.. workers.Select(child => child.WaitForAsync("open")), .. enqueuers.Select(child => child.WaitForAsync("enqueued"))]);
            using var over = new CancellationTokenSource(time);
            Task<long> watching = WatchLogAsync(over.Token);
            Task<int> looking = LookAsync(new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]), over.Token),
                copying = BackUpAsync(roost, betweenBackups, over.Token);
            await Task.WhenAll(watching, looking, copying);

            string[] enqueued = [.. (await Task.WhenAll(enqueuers.Select(child => child.StopAsync()))).SelectMany(lines => lines)];
            await UntilDoneAsync(roost);
            string[] saw =
            [
                .. (await Task.WhenAll(workers.Select(child => child.StopAsync())))
                    .SelectMany(lines => lines)
                    .Where(said => said.StartsWith("saw", StringComparison.Ordinal)),
            ];

            Effort.Report(
                $"{time.TotalSeconds:N0} s, {Workers} workers, {Enqueuers} enqueuers: {enqueued.Length:N0} calls, {enqueued.Distinct().Count():N0} items, " +
                $"{saw.Length:N0} steps, {await looking:N0} pages of the console, {await copying} backups, the log at most {await watching:N0} bytes"
            );
            foreach (ChildProcess child in (ChildProcess[])[.. workers, .. enqueuers])
                child.Errors.Should().BeEmpty();
            saw.Select(said => string.Join(' ', said.Split(' ')[..3])).Should().OnlyHaveUniqueItems("each version is stepped once, by whomever");
            FileAudit.Count(path, "roost_work").Should().Be(enqueued.Distinct().Count() + 1, "a key that all enqueuers use makes one item");
            FileAudit.MustHold(path, [.. enqueued, .. saw]);
            FileAudit.MustAgree(path);
            FileAudit.MustHaveNoLeftovers(path);
            (await watching).Should().BeLessThan(LogBound);
            (await copying).Should().BePositive();
        }
        finally
        {
            foreach (ChildProcess child in (ChildProcess[])[.. workers, .. enqueuers]) await child.DisposeAsync();
        }
        for (int i = 0; i < 100; i++) (await reader.MoveNextAsync()).Should().BeTrue("whoever reads late misses nothing");
    }

    [Test]
    public async Task What_readers_keep_open_does_not_keep_the_log_from_being_moved()
    {
        byte[] large = Artifacts.Bytes(3 * Artifacts.Chunk);
        await using var roost = new RoostRuntime(new RoostOptions { Path = path, Durability = Durability.None });
        roost.AddEngine(Artifacts.Once(context => { context.AddArtifactBytes("out.bin", large); return Task.CompletedTask; }));
        string id = await Artifacts.RunAsync(roost);
        await using IAsyncEnumerator<WorkEvent> events = roost.WatchEventsAsync().GetAsyncEnumerator();
        await events.MoveNextAsync();
        await using Stream artifact = await roost.OpenArtifactAsync(id, "out.bin");
        (await artifact.ReadAsync(new byte[100])).Should().BePositive();

        long most = 0, written = 0;
        string text = new('x', 200_000);
        for (int i = 0; i < Effort.Times(200, 2000); i++)
        {
            await roost.EnqueueAsync(Enumerable.Range(0, 5).Select(_ => new WorkItem("nobody", new { text })));
            written += 5 * text.Length;
            most = Math.Max(most, LogLength());
        }

        Effort.Report($"{written:N0} bytes written, the log at most {most:N0}");
        written.Should().BeGreaterThan(LogBound, "else this proves nothing");
        most.Should().BeLessThan(LogBound);
    }

    [Test]
    public async Task Two_processes_that_write_all_the_time_get_their_share_each()
    {
        await using (new RoostRuntime(path)) { }
        await using ChildProcess first = ChildProcess.Start("enqueue-many", path, "0", "0"), second = ChildProcess.Start("enqueue-many", path, "1", "0");
        await Task.WhenAll(first.WaitForAsync("enqueued"), second.WaitForAsync("enqueued"));
        await MustShareAsync(() => first.Lines.Count, () => second.Lines.Count);

        await Task.WhenAll(first.StopAsync(), second.StopAsync());
        FileAudit.MustHold(path, [.. first.Lines, .. second.Lines]);
        FileAudit.MustAgree(path);
    }

    [Test]
    public async Task Two_runtimes_of_one_process_that_write_all_the_time_get_their_share_each()
    {
        await using RoostRuntime first = new(path), second = new(path);
        using var over = new CancellationTokenSource();
        int[] counts = [0, 0];
        Task[] calling = [.. new[] { first, second }.Select((roost, i) => Task.Run(async () =>
        {
            for (; !over.IsCancellationRequested; Interlocked.Increment(ref counts[i])) await roost.EnqueueAsync(new WorkItem("nobody"));
        }))];

        await MustShareAsync(() => Volatile.Read(ref counts[0]), () => Volatile.Read(ref counts[1]));

        await over.CancelAsync();
        await Task.WhenAll(calling);
        FileAudit.Count(path, "roost_work").Should().Be(counts.Sum());
        FileAudit.MustAgree(path);
    }

    /// <summary>
    /// Nobody gets less than half of what the other gets: over half a minute, or on a push within ten seconds, for so short a while is uneven now and then.
    /// </summary>
    private static async Task MustShareAsync(Func<int> first, Func<int> second)
    {
        (int before, int beforeToo) = (first(), second());
        for (int seconds = 2; ; seconds += 2)
        {
            await Task.Delay(TimeSpan.FromSeconds(2)); // What each gets done in this time is what is measured.
            (int ofFirst, int ofSecond) = (first() - before, second() - beforeToo);
            double share = (double)Math.Min(ofFirst, ofSecond) / Math.Max(ofFirst, ofSecond);
            if (seconds < Effort.Times(10, 30) && !(Effort.IsOnPush && share > MinShare)) continue;
            Effort.Report($"{ofFirst:N0} and {ofSecond:N0} calls in {seconds} s");
            share.Should().BeGreaterThan(MinShare, "{0} and {1}", ofFirst, ofSecond);
            return;
        }
    }

    private long LogLength() => new FileInfo(path + "-wal") is { Exists: true } log ? log.Length : 0;

    /// <summary>How long the log was at most.</summary>
    private async Task<long> WatchLogAsync(CancellationToken over)
    {
        long most = 0;
        for (; !over.IsCancellationRequested; await PauseAsync(TimeSpan.FromMilliseconds(50), over)) most = Math.Max(most, LogLength());
        return most;
    }

    /// <summary>Opens every page of the console again and again; how many it were.</summary>
    private static async Task<int> LookAsync(Uri link, CancellationToken over)
    {
        using var client = new HttpClient(LoopbackHttp.Handler());
        (await client.GetAsync(link, CancellationToken.None)).EnsureSuccessStatusCode();
        int pages = 0;
        for (; !over.IsCancellationRequested; pages++)
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri(link, Pages[pages % Pages.Length]), CancellationToken.None);
            answer.IsSuccessStatusCode.Should().BeTrue("{0} says {1}", Pages[pages % Pages.Length], answer.StatusCode);
            await PauseAsync(TimeSpan.FromMilliseconds(100), over);
        }
        return pages;
    }

    /// <summary>Backs up again and again; every copy is a whole file of one moment.</summary>
    private async Task<int> BackUpAsync(RoostRuntime roost, TimeSpan between, CancellationToken over)
    {
        int copies = 0;
        for (; !over.IsCancellationRequested; copies++)
        {
            string copy = Path.Combine(Directory.CreateDirectory(folder["copies"]).FullName, $"{copies}.db");
            await roost.BackupAsync(copy, CancellationToken.None);
            FileAudit.MustAgree(copy);
            Directory.Delete(folder["copies"], recursive: true);
            await PauseAsync(between, over);
        }
        return copies;
    }

    private static Task PauseAsync(TimeSpan time, CancellationToken over) => Artifacts.Ignoring(Task.Delay(time, over));

    private static async Task UntilDoneAsync(RoostRuntime roost)
    {
        long since = Stopwatch.GetTimestamp();
        while ((await roost.GetCountsAsync()).Queues.Where(queue => queue.Engine == "child").Sum(queue => queue.Counts.Queued + queue.Counts.Running) > 0)
        {
            Stopwatch.GetElapsedTime(since).Should().BeLessThan(Patience, "everything is worked off");
            await Task.Delay(50);
        }
    }
}
