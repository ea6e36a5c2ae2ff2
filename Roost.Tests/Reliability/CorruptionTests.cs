using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>
/// Flipped bits in the file, its header and its log: they are reported or refused, and no payload, state or artifact comes out other than it was
/// written. Names, times and event texts carry no hash of their own; where a flip in one of them escapes SQLite's own checks, it is shown.
/// </summary>
[TestFixture, Category("Reliability")]
internal sealed class CorruptionTests : FolderFixture
{
    private const int InLog = 10, HeaderBytes = 100, PageBytes = 4096;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static IEnumerable<TestCaseData> Waits()
    {
        yield return new TestCaseData((RoostRuntime roost) => (Task)roost.RunAsync(CancellationToken.None)).SetArgDisplayNames("RunAsync");
        yield return new TestCaseData((RoostRuntime roost) => (Task)roost.RunUntilDoneAsync("only")).SetArgDisplayNames("RunUntilDoneAsync");
        yield return new TestCaseData((RoostRuntime roost) => Task.WhenAll(roost.WaitAsync("only"), roost.RunAsync(CancellationToken.None)))
            .SetArgDisplayNames("WaitAsync");
        yield return new TestCaseData((RoostRuntime roost) => Task.WhenAll(ReadToTheEndAsync(roost), roost.RunAsync(CancellationToken.None)))
            .SetArgDisplayNames("WatchEventsAsync");
    }

    private string whole = null!;
    private string logged = null!;
    private readonly long[] ends = new long[InLog];
    private readonly Dictionary<string, string> payloads = [];
    private readonly Dictionary<(string Id, int Version), string> states = [];
    private readonly Dictionary<(string Id, string Name), byte[]> artifacts = [];

    /// <summary>
    /// Makes a file without a log, whose worker died with a lease, and the same with a log of ten commits. Its content is small, so that most of what
    /// is damaged is rows, indexes and the schema.
    /// </summary>
    [OneTimeSetUp]
    public async Task MakeAsync()
    {
        using var made = new TemporaryFolder();
        string path = made["roost.db"];
        await FixtureFile.MakeAsync(path, kills: false, artifactBytes: 40_000);
        await using var roost = new RoostRuntime(path);
        using SqliteGhost ghost = await SqliteGhost.StartAsync(roost, FixtureFile.Engine());
        (await ghost.ClaimAsync()).Should().ContainSingle();
        ghost.Die();
        Probe.Execute(path, "PRAGMA wal_checkpoint(TRUNCATE)");
        whole = Keep(made, log: false);
        foreach (string id in roost.Rows("SELECT id FROM roost_work"))
        {
            WorkDetail item = await roost.GetAsync(id);
            payloads[id] = item.Payload.GetRawText();
            foreach (SnapshotVersion version in await roost.ListHistoryAsync(id))
                states[(id, version.Version)] = TextOf(await roost.GetSnapshotAsync(id, version.Version));
            foreach (Artifact artifact in item.Artifacts) artifacts[(id, artifact.Name)] = await roost.ReadArtifactAsync(id, artifact.Name);
        }
        using SqliteConnection reader = FileAudit.Open(path);
        reader.Execute("BEGIN DEFERRED");
        reader.ExecuteScalar<long>("SELECT count(*) FROM roost_work"); // As long as it reads, no commit is moved out of the log.
        for (int i = 0; i < InLog; i++)
        {
            await roost.EnqueueAsync(new WorkItem("scripted", new Fate(1)) { Id = $"last-{i}" });
            ends[i] = new FileInfo(path + "-wal").Length;
        }
        logged = Keep(made, log: true);
    }

    [OneTimeTearDown]
    public void DeleteKept()
    {
        foreach (string kept in (string[])[whole, logged]) Directory.Delete(kept, recursive: true);
    }

    [Test]
    public async Task Any_flipped_bit_of_the_header_is_reported_or_refused_or_changes_nothing()
    {
        int stride = Effort.Times(37, 1), first = 0; // No multiple of 8, so that it comes to every bit of a byte.
        await TryAsync(HeaderBytes * 8 / stride, whole, "", (bytes, trial, random) =>
        {
            if (trial == 0) first = random.Next(HeaderBytes * 8);
            return Flip(bytes, (first + trial * stride) % (HeaderBytes * 8));
        }, LookAndWorkAsync);
    }

    [Test]
    public async Task A_flipped_bit_of_the_data_is_reported_or_refused_and_never_returned_as_data() =>
        await TryAsync(Effort.Times(25, 4000), whole, "", (bytes, _, random) => Flip(bytes, HeaderBytes, random), LookAndWorkAsync);

    [Test]
    public async Task A_page_full_of_zeros_or_of_another_page_is_reported_or_refused_and_never_returned_as_data() =>
        await TryAsync(Effort.Times(15, 1000), whole, "", (bytes, _, random) => Replace(bytes, random), LookAndWorkAsync);

    [Test]
    public async Task A_flipped_bit_of_the_log_drops_its_commit_and_the_later_ones_and_nothing_before_it() =>
        await TryAsync(Effort.Times(15, 2000), logged, "-wal", (bytes, _, random) => Flip(bytes, 0, random), async (path, at, found) =>
        {
            int left = ends.Count(end => end <= at);
            await LookAsync(path, found);
            await using (var roost = new RoostRuntime(path))
            {
                IEnumerable<string> committed = Enumerable.Range(0, left).Select(i => $"last-{i}");
                (await roost.FindIdsAsync("last-", InLog)).Order().Should().Equal(committed, $"commits end at {string.Join(", ", ends)}");
                for (int i = 0; i < left; i++) (await roost.GetAsync($"last-{i}")).Payload.GetProperty("steps").GetInt32().Should().Be(1);
            }
            await WorkAsync(path, found);
            FileAudit.MustAgree(path);
            Count(found, $"{left} commits left");
        });

    [Test]
    public async Task The_doctor_names_a_payload_a_state_and_an_artifact_that_were_changed()
    {
        string path = Copy(whole);
        using (SqliteConnection db = FileAudit.Open(path))
        {
            db.Execute("UPDATE roost_work_input SET payload = replace(payload, '3', '4') WHERE work = (SELECT key FROM roost_work WHERE id = 'done')");
            db.Execute("UPDATE roost_snapshot SET data = '7' WHERE work = (SELECT key FROM roost_work WHERE id = 'half') AND version = 2");
            db.Execute("UPDATE roost_blob_chunk SET data = zeroblob(length(data)) WHERE n = 0");
        }

        FileCheck contents = (await RoostRuntime.CheckFileAsync(path)).Single(check => check.Name == "contents");

        contents.Status.Should().Be(CheckStatus.Error);
        contents.Found.Should().Contain("payload of done").And.Contain("version 2 of half").And.Contain("chunk 0 of content");
    }

    [Test]
    public async Task A_changed_payload_is_not_given_to_its_engine()
    {
        string path = Copy(whole);
        using (SqliteConnection db = FileAudit.Open(path)) db.Execute("UPDATE roost_work_input SET payload = replace(payload, '2', '9') WHERE work = " +
            "(SELECT key FROM roost_work WHERE id = 'late')");
        await using var roost = new RoostRuntime(path);
        roost.AddEngine(FixtureFile.Engine((context, _) => context.Item.Id.Should().NotBe("late")));

        await roost.RequeueNowAsync("late");
        await roost.RunUntilIdleAsync();

        WorkDetail item = await roost.GetAsync("late");
        item.Summary.State.Should().Be(WorkState.Failed);
        item.LastFailure!.Reason.Should().Be(FailReasons.CorruptPayload);
        item.PayloadError.Should().Contain("payload of work item late");
        item.Payload.ValueKind.Should().Be(JsonValueKind.Null);
    }

    [TestCaseSource(nameof(Waits))]
    public async Task A_loop_that_finds_the_file_damaged_ends_with_the_reason_and_what_is_whole_can_be_read(Func<RoostRuntime, Task> wait)
    {
        string path = folder["roost.db"];
        await using (var made = new RoostRuntime(path)) await made.EnqueueAsync(new WorkItem("scripted", new Fate(1)) { Id = "only" });
        // The item can be claimed, and no version of it can be saved.
        long root = Probe.Number(path, "SELECT rootpage FROM sqlite_schema WHERE name = 'roost_snapshot'");
        byte[] bytes = await File.ReadAllBytesAsync(path);
        bytes.AsSpan((int)(root - 1) * 4096, 4096).Clear();
        await File.WriteAllBytesAsync(path, bytes);
        await using var roost = new RoostRuntime(new RoostOptions { Path = path, LoggerFactory = new FailingLog() });
        roost.AddEngine(FixtureFile.Engine());

        Func<Task> loop = () => wait(roost).WaitAsync(Patience);

        await loop.Should().ThrowAsync<DataCorruptException>();
        (await roost.GetAsync("only")).Summary.Version.Should().Be(0);
        Func<Task> enqueue = async () => await roost.EnqueueAsync(new WorkItem("scripted", new Fate(1)));
        await enqueue.Should().ThrowAsync<DataCorruptException>("nothing more is written to it");
    }

    [TestCase("heartbeat", "no number as its heartbeat")]
    [TestCase("lock_file", "nothing as its lock_file")]
    public async Task A_loop_that_cannot_tell_whether_another_worker_lives_because_its_row_is_damaged_ends_with_that_reason(string column, string told)
    {
        string path = Copy(whole);
        string type = column == "heartbeat" ? $"{column} INTEGER" : $"{column} TEXT";
        Declare($"{type} NOT NULL,", $"{type},");
        Probe.Execute(path, $"UPDATE roost_worker SET {column} = NULL");
        Declare($"{type},", $"{type} NOT NULL,");
        await using RoostRuntime roost = new RoostRuntime(path).AddEngine(FixtureFile.Engine());

        await roost.Awaiting(it => it.RunUntilIdleAsync().WaitAsync(Patience)).Should().ThrowAsync<DataCorruptException>().WithMessage($"*{told}*");
        (await RoostRuntime.CheckFileAsync(path)).Should().Contain(check => check.Status == CheckStatus.Error);

        void Declare(string was, string now) =>
            Probe.Execute(path, $"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, '{was}', '{now}') WHERE name = 'roost_worker'");
    }

    [Test]
    public async Task The_doctor_leaves_the_log_as_it_found_it()
    {
        string path = Copy(logged);
        byte[] log = await File.ReadAllBytesAsync(path + "-wal");
        log[^3000] ^= 1; // In the last commit: what is before it must not be moved, nor what is after it be lost.
        await File.WriteAllBytesAsync(path + "-wal", log);
        byte[] stored = await File.ReadAllBytesAsync(path);

        await RoostRuntime.CheckFileAsync(path);

        (await File.ReadAllBytesAsync(path + "-wal")).Should().Equal(log);
        (await File.ReadAllBytesAsync(path)).Should().Equal(stored);
    }

    [Test]
    public async Task The_doctor_leaves_nothing_beside_a_file_that_was_closed()
    {
        string path = folder["roost.db"];
        await using (var made = new RoostRuntime(path)) await made.EnqueueAsync(new WorkItem("scripted", new Fate(1)));

        await RoostRuntime.CheckFileAsync(path);

        Directory.GetFiles(folder.Root).Should().Equal(path);
    }

    [Test]
    public async Task A_damaged_event_is_shown_as_it_is_and_hides_no_other()
    {
        string path = Copy(whole);
        Probe.Execute(path, "UPDATE roost_event SET data = replace(data, '\"', '!') WHERE seq = (SELECT min(seq) FROM roost_event WHERE data IS NOT NULL)");
        await using var roost = new RoostRuntime(path);

        IReadOnlyList<WorkEvent> events = (await roost.ListEventsAsync(limit: 10_000)).Items;

        events.Should().HaveCount((int)roost.Number("SELECT count(*) FROM roost_event"));
        string[] damaged =
        [
            .. events
                .Where(one => one.Data is { ValueKind: JsonValueKind.Object } data && data.TryGetProperty("damaged", out _))
                .Select(one => one.Data!.Value.GetProperty("damaged").GetString()!),
        ];
        damaged.Should().ContainSingle().Which.Should().StartWith("{!");
        (await RoostRuntime.CheckFileAsync(path)).Should().Contain(check => check.Status == CheckStatus.Error);
    }

    [Test]
    public async Task A_state_that_there_is_not_is_told_as_damage_and_what_is_beside_it_can_be_changed()
    {
        string path = Copy(whole);
        Probe.Execute(path, "PRAGMA ignore_check_constraints = 1; UPDATE roost_work SET state = 'dome' WHERE id = 'done'");
        await using var roost = new RoostRuntime(path);

        await roost.Awaiting(it => it.CancelAsync("done")).Should().ThrowAsync<DataCorruptException>().WithMessage("*\"dome\"*");
        await roost.Awaiting(it => it.GetAsync("done")).Should().ThrowAsync<DataCorruptException>().WithMessage("*\"dome\"*");
        (await roost.CancelAsync("fresh")).Should().BeTrue();
        (await roost.GetAsync("fresh")).Summary.State.Should().Be(WorkState.Cancelled);
        (await RoostRuntime.CheckFileAsync(path)).Should().Contain(check => check.Status == CheckStatus.Error);
    }

    [Test]
    public async Task An_index_that_leads_to_other_versions_gives_nobody_another_state()
    {
        string path = folder["roost.db"];
        var states = new ConcurrentBag<int>();
        await using (RoostRuntime made = new RoostRuntime(path).AddEngine(ScriptedEngine.CountingTo(9)))
        {
            await made.EnqueueAsync(new WorkItem("scripted") { Id = "counts" });
            for (int i = 0; i < 3; i++) await made.StepOnceAsync();
        }
        Probe.Execute(path, "CREATE INDEX other ON roost_snapshot (work, 4 - version)"); // The first version is found by it as the third.
        Probe.Execute(path, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'other') " +
            "WHERE name = 'sqlite_autoindex_roost_snapshot_1'; DELETE FROM sqlite_schema WHERE name = 'other'");
        await using RoostRuntime roost = new RoostRuntime(path).AddEngine(ScriptedEngine.From((state, _) =>
        {
            states.Add(state);
            return ScriptedEngine.Finish(state);
        }));

        await roost.Awaiting(it => it.GetSnapshotAsync("counts", 1)).Should().ThrowAsync<RoostException>();
        (await roost.GetSnapshotAsync("counts", 2)).DataAs<int>().Should().Be(1, "this one is where it belongs");
        (await roost.GetAsync("counts")).Snapshot.Should().BeNull();
        await roost.RunUntilIdleAsync().WaitAsync(Patience);
        states.Should().BeEmpty();
        (await roost.GetAsync("counts")).LastFailure!.Reason.Should().Be(FailReasons.CorruptSnapshot);
        (await RoostRuntime.CheckFileAsync(path)).Should().Contain(check => check.Status == CheckStatus.Error);
    }

    [Test]
    public async Task Times_and_workers_that_cannot_be_read_are_named_as_damage_and_the_doctor_goes_on()
    {
        string path = Copy(whole);
        Probe.Execute(path, "UPDATE roost_work SET created_at = -created_at * 1000 WHERE id = 'done'");
        Probe.Execute(path, "INSERT INTO roost_worker (id, process_id, machine, lock_file, started_at, heartbeat, heartbeat_at, expires_at, lease_ms, " +
            "concurrency, engines, queues) VALUES ('w', 1, 'm', 'l', 1, 1, 1, 1, 1, 1, '[', '[]')");
        await using var roost = new RoostRuntime(path);

        await roost.Awaiting(it => it.GetAsync("done")).Should().ThrowAsync<DataCorruptException>().WithMessage("*time*damaged*");
        await roost.Awaiting(it => it.ListWorkersAsync()).Should().ThrowAsync<DataCorruptException>().WithMessage("*damaged*");
        IReadOnlyList<FileCheck> checks = await RoostRuntime.CheckFileAsync(path);
        checks.Should().ContainSingle(check => check.Name == "leases").Which.Status.Should().Be(CheckStatus.Error);
        checks.Should().Contain(check => check.Name == "counters", "what follows is looked at all the same");
    }

    private static async Task ReadToTheEndAsync(RoostRuntime roost)
    {
        await foreach (WorkEvent _ in roost.WatchEventsAsync()) { }
    }

    /// <summary>Damages one copy after the other in one place, and looks.</summary>
    private async Task TryAsync(
        int trials,
        string kept,
        string file,
        Func<byte[], int, Random, int> damage,
        Func<string, int, ConcurrentDictionary<string, int>, Task> look)
    {
        int seed = Effort.Seed();
        var random = new Random(seed);
        var found = new ConcurrentDictionary<string, int>();
        for (int trial = 0; trial < trials; trial++)
        {
            string path = Copy(kept);
            byte[] bytes = await File.ReadAllBytesAsync(path + file);
            int at = damage(bytes, trial, random);
            await File.WriteAllBytesAsync(path + file, bytes);
            try
            {
                await look(path, at, found);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}, trial {trial}, damaged at {at}: {e.Message}", e);
            }
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
        Effort.Report($"{trials} damaged files: {string.Join(", ", found.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key} {pair.Value}"))}");
    }

    /// <summary>Keeps the file as it is on the disk, with its worker's lock file.</summary>
    private static string Keep(TemporaryFolder made, bool log)
    {
        string kept = Directory.CreateTempSubdirectory("roost-whole-").FullName;
        foreach (string file in Directory.GetFiles(made.Root, "roost.db*"))
            if (!file.EndsWith("-shm", StringComparison.Ordinal) && (log || !file.EndsWith("-wal", StringComparison.Ordinal)))
                File.Copy(file, Path.Combine(kept, Path.GetFileName(file)));
        return kept;
    }

    private string Copy(string kept)
    {
        string copy = Directory.CreateDirectory(folder[Guid.NewGuid().ToString("N")]).FullName;
        foreach (string file in Directory.GetFiles(kept)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return Path.Combine(copy, "roost.db");
    }

    private static int Flip(byte[] bytes, int bit)
    {
        bytes[bit / 8] ^= (byte)(1 << bit % 8);
        return bit / 8;
    }

    private static int Flip(byte[] bytes, int first, Random random)
    {
        int at = random.Next(first, bytes.Length);
        if (bytes[at] == 0) at = random.Next(first, bytes.Length); // Much of a page may be empty.
        return Flip(bytes, at * 8 + random.Next(8));
    }

    private static int Replace(byte[] bytes, Random random)
    {
        int pages = bytes.Length / PageBytes, at = random.Next(pages) * PageBytes;
        if (random.Next(2) == 0) bytes.AsSpan(at, PageBytes).Clear();
        else bytes.AsSpan(random.Next(pages) * PageBytes, PageBytes).CopyTo(bytes.AsSpan(at));
        return at;
    }

    private async Task LookAndWorkAsync(string path, int at, ConcurrentDictionary<string, int> found)
    {
        await LookAsync(path, found);
        await WorkAsync(path, found);
    }

    /// <summary>Reads everything that a caller can read; where that is refused, the doctor has reported something.</summary>
    private async Task LookAsync(string path, ConcurrentDictionary<string, int> found)
    {
        IReadOnlyList<FileCheck> checks = await RoostRuntime.CheckFileAsync(path);
        bool isReported = checks.Any(check => check.Status == CheckStatus.Error);
        Count(found, isReported ? "reported by the doctor" : "not seen by the doctor");
        RoostRuntime? opened = Refusal(() => new RoostRuntime(path), found);
        if (opened is null)
        {
            isReported.Should().BeTrue("the file was not opened");
            return;
        }
        await using RoostRuntime roost = opened;
        await ReadAsync(async () => await roost.ListAsync(new()));
        await ReadAsync(async () => await roost.GetCountsAsync());
        await ReadAsync(async () => await roost.ListDeadLettersAsync());
        await ReadAsync(async () => await roost.ListResourcesAsync());
        await ReadAsync(async () => await roost.ListEnginesAsync());
        await ReadAsync(async () => await roost.ListWorkersAsync());
        await ReadAsync(async () => await roost.ListEventsAsync());
        await ReadAsync(async () => await roost.ListArtifactsAsync());
        foreach (string id in payloads.Keys)
            await ReadAsync(async () =>
            {
                WorkDetail item = await roost.GetAsync(id);
                if (item.PayloadError is null) item.Payload.GetRawText().Should().Be(payloads[id], $"the payload of {id}");
                if (item.Snapshot is { } snapshot && states.TryGetValue((id, snapshot.Version), out string? state)) TextOf(snapshot).Should().Be(state);
            });
        foreach (((string id, int version), string state) in states)
            await ReadAsync(async () => TextOf(await roost.GetSnapshotAsync(id, version)).Should().Be(state, $"version {version} of {id}"));
        foreach (((string id, string name), byte[] content) in artifacts)
            await ReadAsync(async () => (await roost.ReadArtifactAsync(id, name)).AsSpan().SequenceEqual(content).Should().BeTrue($"{name} of {id}"));

        async Task ReadAsync(Func<Task> read)
        {
            if (await AnswerAsync(read, found) is { } refusal) isReported.Should().BeTrue($"a read ended with {refusal.GetType().Name}: {refusal.Message}");
        }
    }

    /// <summary>Works on what can be worked on; engines see only what was written.</summary>
    private async Task WorkAsync(string path, ConcurrentDictionary<string, int> found)
    {
        RoostRuntime? opened = Refusal(() => new RoostRuntime(new RoostOptions { Path = path, MaxAttempts = 1 }), found);
        if (opened is null) return;
        await using RoostRuntime roost = opened;
        var wrong = new ConcurrentBag<string>();
        roost.AddEngine(FixtureFile.Engine((context, state) =>
        {
            string id = context.Item.Id;
            if (payloads.TryGetValue(id, out string? payload) && context.Item.Payload.GetRawText() != payload) wrong.Add($"the payload of {id}");
            if (states.TryGetValue((id, context.Version), out string? known) && known != $"{state}") wrong.Add($"version {context.Version} of {id}: {state}");
        }));
        await AnswerAsync(async () => await roost.EnqueueAsync(new WorkItem("scripted", new Fate(1)) { Id = "after" }), found);
        await AnswerAsync(async () => await roost.RunUntilIdleAsync().WaitAsync(Patience), found);
        wrong.Should().BeEmpty();
    }

    private static RoostRuntime? Refusal(Func<RoostRuntime> open, ConcurrentDictionary<string, int> found)
    {
        try
        {
            return open();
        }
        catch (RoostException e)
        {
            Count(found, $"not opened ({e.GetType().Name})");
            return null;
        }
    }

    private static async Task<RoostException?> AnswerAsync(Func<Task> ask, ConcurrentDictionary<string, int> found)
    {
        try
        {
            await ask();
            return null;
        }
        catch (RoostException e)
        {
            Count(found, $"answered by {e.GetType().Name}");
            return e;
        }
    }

    private static string TextOf(Snapshot snapshot) => Encoding.UTF8.GetString(snapshot.Utf8.Span);

    private static void Count(ConcurrentDictionary<string, int> found, string what) => found.AddOrUpdate(what, 1, (_, n) => n + 1);
}
