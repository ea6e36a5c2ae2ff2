using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The rows of versions that are stored as differences, and what damage to one of them does.</summary>
[TestFixture]
internal sealed class DifferenceRowTests
{
    private const int Steps = 40;

    private readonly GrowingEngine engine = new(2, Steps);
    private RoostRuntime roost = null!;
    private string id = null!;

    [SetUp]
    public async Task MakeAsync()
    {
        roost = TestRuntime.Create(new RoostOptions { HistoryLast = 1000 }, null, engine);
        id = await roost.EnqueueAsync(new WorkItem("growing"));
    }

    [TearDown]
    public async Task DisposeAsync() => await roost.DisposeAsync();

    [Test]
    public async Task A_difference_is_stored_as_text_that_any_tool_reads_and_as_the_schema_says()
    {
        await roost.RunUntilIdleAsync();

        roost.Number("SELECT count(*) FROM roost_snapshot WHERE whole IS NOT NULL").Should().BeGreaterThan(Steps / 2);
        roost.Number("SELECT count(*) FROM roost_snapshot WHERE whole IS NOT NULL AND json_valid(edits) = 0").Should().Be(0);
        foreach ((int version, string made) in engine.Made)
            roost.Text("SELECT state_of(work, version) FROM roost_snapshot WHERE version = $0", version).Should().Be(made);
    }

    /// <summary>What is flipped of the row of the chain's base, of one in its middle, and of its last.</summary>
    [TestCase("first", "data")]
    [TestCase("middle", "data")]
    [TestCase("middle", "edits")]
    [TestCase("last", "data")]
    [TestCase("last", "edits")]
    public async Task A_flipped_bit_is_told_by_the_row_that_has_it_and_nothing_wrong_is_handed_out(string where, string column)
    {
        for (int n = 0; n < 30; n++) await roost.StepOnceAsync();
        (int from, int to) = Chain();
        int damaged = where switch { "first" => from, "last" => to, _ => (from + to) / 2 };
        Flip(damaged, column);
        await using RoostRuntime beside = TestRuntime.Beside(roost, engine); // The other has the last state in memory.

        for (int version = 1; version <= 30; version++)
        {
            Func<Task<Snapshot>> read = () => beside.GetSnapshotAsync(id, version);
            if (version >= damaged && version <= to)
                (await read.Should().ThrowAsync<DataCorruptException>()).WithMessage($"*ersion {damaged} *");
            else
                (await read()).Data.GetRawText().Should().Be(engine.Made[version]);
        }
        FileCheck contents = (await RoostRuntime.CheckFileAsync(roost.Path)).Single(check => check.Name == "contents");
        contents.Found.Should().Contain($"version {damaged} of {id}");
        if (damaged < to) contents.Found.Should().Contain($"to {to} of {id}, which are built on what is damaged");
        await beside.RunUntilIdleAsync();
        WorkDetail item = await beside.GetAsync(id);
        if (to == 30)
        {
            item.LastFailure!.Reason.Should().Be(FailReasons.CorruptSnapshot);
            item.LastFailure.Message.Should().Contain($"ersion {damaged} ");
        }
        else item.Summary.State.Should().Be(WorkState.Done, "its last state is whole");
    }

    [Test]
    public async Task An_item_whose_last_state_is_stored_whole_goes_on_whatever_happened_to_those_before()
    {
        for (int n = 0; n < 30; n++) await roost.StepOnceAsync();
        roost.Execute("UPDATE roost_snapshot SET data = 'x' WHERE version < 30");
        string state = engine.Made[30];
        byte[] hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(state));
        roost.Execute(
            "UPDATE roost_snapshot SET whole = NULL, edits = NULL, size = NULL, row_sha256 = NULL, data = $0, sha256 = $1 WHERE version = 30",
            state,
            hash
        );
        await using RoostRuntime beside = TestRuntime.Beside(roost, engine);

        await beside.RunUntilIdleAsync();

        beside.StateOf(id).Should().Be(WorkState.Done);
        (await beside.GetSnapshotAsync(id)).Data.GetRawText().Should().Be(engine.Made[Steps + 1]);
    }

    [Test]
    public async Task A_version_whose_base_is_missing_says_so()
    {
        for (int n = 0; n < 30; n++) await roost.StepOnceAsync();
        (int from, int to) = Chain();
        roost.Execute("DELETE FROM roost_snapshot WHERE version = $0", from + 1);

        (await roost.Invoking(it => it.GetSnapshotAsync(id, to)).Should().ThrowAsync<DataCorruptException>()).WithMessage($"*version {from + 1} is missing*");

        (await RoostRuntime.CheckFileAsync(roost.Path)).Should().Contain(check =>
            check.Status == CheckStatus.Error && check.Found.Contains("version", StringComparison.Ordinal));
    }

    [Test]
    public async Task A_chain_that_nobody_needs_any_more_is_deleted_in_parts()
    {
        var growing = new GrowingEngine(4, steps: 400) { FirstBytes = 200_000 };
        await using RoostRuntime brief = TestRuntime.Create(new RoostOptions { HistoryFirst = 0, HistoryLast = 1 }, null, growing);
        await brief.EnqueueAsync(new WorkItem("growing"));

        await brief.RunUntilIdleAsync();

        brief.Number("SELECT count(*) FROM roost_snapshot WHERE base = 0").Should().Be(1);
        brief.Number("SELECT count(*) FROM roost_snapshot WHERE version < (SELECT max(coalesce(whole, version)) FROM roost_snapshot)").Should().BeLessThan(400);
        FileAudit.MustAgree(brief.Path);
    }

    /// <summary>A long chain that ends is worked off in parts: after each commit all that is left can be read, and the options say what is listed.</summary>
    [TestCase(20, 20)]
    [TestCase(0, 1)]
    [TestCase(3, 3)]
    public async Task While_a_long_chain_is_worked_off_everything_is_right_after_each_commit(int first, int last)
    {
        var appending = new AppendingEngine(replacesAt: 150, steps: 160);
        await using RoostRuntime brief = TestRuntime.Create(new RoostOptions { HistoryFirst = first, HistoryLast = last }, null, appending);
        string item = await brief.EnqueueAsync(new WorkItem("appending"));

        for (int n = 1; await brief.StepOnceAsync() is not null; n++)
        {
            if (n < 145) continue;
            int[] listed = [.. (await brief.ListHistoryAsync(item)).Select(version => version.Version)];
            listed.Should().Equal([.. Enumerable.Range(1, first), .. Enumerable.Range(n - last + 1, last)]);
            foreach (int version in listed) await brief.GetSnapshotAsync(item, version);
            FileAudit.MustAgree(brief.Path);
        }

        brief.StateOf(item).Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_shorter_history_or_an_edited_state_lists_nothing_that_cannot_be_read()
    {
        var appending = new AppendingEngine(replacesAt: 1000, steps: 150, fails: true);
        await using RoostRuntime all = TestRuntime.Create(new RoostOptions { HistoryLast = 1000 }, null, appending);
        string item = await all.EnqueueAsync(new WorkItem("appending"));
        await all.RunUntilIdleAsync();
        await using var brief = new RoostRuntime(all.Options with { Path = all.Path, HistoryFirst = 0, HistoryLast = 1 });
        brief.AddEngine(appending);

        await brief.RetryAsync(item, JsonEdit.From(new AppendingEngine.Texts(["small"])));

        (await brief.ListHistoryAsync(item)).Should().ContainSingle();
        FileAudit.MustAgree(brief.Path);
    }

    [Test]
    public async Task Whoever_takes_over_and_saves_a_state_whole_keeps_what_the_history_is_built_on()
    {
        var appending = new AppendingEngine(replacesAt: 30, steps: 40);
        await using RoostRuntime first = TestRuntime.Create(new RoostOptions { HistoryLast = 1000 }, null, appending);
        string item = await first.EnqueueAsync(new WorkItem("appending"));
        for (int n = 0; n < 30; n++) await first.StepOnceAsync();
        await using var next = new RoostRuntime(first.Options with { Path = first.Path, HistoryFirst = 1, HistoryLast = 5 });
        next.AddEngine(appending);

        await next.StepOnceAsync();

        first.Number("SELECT count(*) FROM roost_snapshot WHERE version = 31 AND whole IS NULL").Should().Be(1);
        int[] kept = [.. (await next.ListHistoryAsync(item)).Select(version => version.Version)];
        kept.Should().Equal(1, 27, 28, 29, 30, 31);
        foreach (int version in kept) (await next.GetSnapshotAsync(item, version)).Version.Should().Be(version);
        FileAudit.MustAgree(next.Path);
    }

    /// <summary>Its state gains a text in each step, and once is replaced by a short one, which ends the chain.</summary>
    private sealed class AppendingEngine(int replacesAt, int steps, bool fails = false) : Engine<AppendingEngine.Texts>
    {
        public sealed record Texts(List<string> Lines);

        public override string EngineId => "appending";

        protected override Texts Init(WorkItem item) => new([.. Enumerable.Range(0, 60).Select(n => new string((char)('a' + n % 26), 100))]);

        protected override Task<Outcome> StepAsync(Texts state, StepContext context)
        {
            Texts next = new(context.Version == replacesAt ? [new string('x', 3000)] : [.. state.Lines, $"{context.Version}"]);
            return Task.FromResult(context.Version < steps ? Continue(next) : fails ? Fail("no") : Done(next));
        }
    }

    /// <summary>The longest chain among the first 30 versions: its base and its last.</summary>
    private (int From, int To) Chain()
    {
        object[] row = roost.Table(
            "SELECT whole, max(version) FROM roost_snapshot WHERE whole IS NOT NULL AND version <= 30 GROUP BY whole ORDER BY count(*) DESC LIMIT 1"
        )[0];
        return ((int)(long)row[0], (int)(long)row[1]);
    }

    private void Flip(int version, string column)
    {
        byte[] bytes = (byte[])roost.Table($"SELECT CAST({column} AS BLOB) FROM roost_snapshot WHERE version = $0", version)[0][0];
        bytes[bytes.Length / 2] ^= 1;
        roost.Execute($"UPDATE roost_snapshot SET {column} = CAST($0 AS TEXT) WHERE version = $1", bytes, version).Should().Be(1);
    }
}
