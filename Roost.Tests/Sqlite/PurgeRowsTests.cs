using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What a purge leaves in the rows and the size of the file.</summary>
[TestFixture]
internal sealed class PurgeRowsTests
{
    private static readonly string[] TablesOfAnItem =
    [
        "roost_work",
        "roost_work_input",
        "roost_work_resource",
        "roost_snapshot",
        "roost_failure",
        "roost_artifact",
        "roost_blob",
        "roost_blob_chunk",
        "roost_idempotency",
        "roost_effect",
        "roost_stream",
        "roost_stream_piece",
        "roost_progress",
    ];

    private FakeTimeProvider clock = null!;

    [SetUp]
    public void SetUp() => clock = TestRuntime.Clock();

    [Test]
    public async Task No_row_of_a_finished_item_is_left()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, new ScriptedEngine(async (state, context) =>
        {
            await context.OnceAsync("call", _ => Task.FromResult(1));
            context.OpenStream("said").Write("text");
            context.Report(0.5);
            context.AddArtifactText("out.txt", "text");
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { IdempotencyKey = "k", Resources = ["r"] });
        await roost.RunThroughAsync(clock);
        foreach (string table in TablesOfAnItem.Except(["roost_failure"])) roost.Number($"SELECT count(*) FROM {table}").Should().BePositive(table);

        PurgeResult purged = await roost.PurgeAsync(new(TimeSpan.Zero));

        purged.Items.Should().Be(1);
        foreach (string table in TablesOfAnItem) roost.Number($"SELECT count(*) FROM {table}").Should().Be(0, table);
        roost.Number("SELECT count(*) FROM roost_event WHERE work IS NOT NULL").Should().Be(0);
    }

    [Test]
    public async Task Long_histories_go_a_few_items_at_a_time()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, ScriptedEngine.EndingAsAsked());
        for (int i = 0; i < 5; i++)
            await EndedAsync(roost, "done");
        roost.Execute(
            "INSERT INTO roost_event (seq, work, kind, at) SELECT -w.key * 10000 - n.i, w.key, 'note', 1 FROM roost_work w, (WITH RECURSIVE n (i) AS " +
            "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) SELECT i FROM n) n"
        );

        PurgeResult purged = await roost.PurgeAsync(new(TimeSpan.Zero));

        purged.Items.Should().Be(5);
        roost.Rows("SELECT data ->> 'items' FROM roost_event WHERE kind = 'purged' ORDER BY seq").Should().Equal("3", "2");
    }

    [Test]
    public async Task The_file_becomes_smaller_by_what_is_said()
    {
        await using RoostRuntime roost = TestRuntime.Create(clock, ScriptedEngine.From((state, context) =>
        {
            byte[] content = new byte[8_000_000];
            new Random(1).NextBytes(content);
            context.AddArtifactBytes("large.bin", content);
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunThroughAsync(clock);
        await roost.PurgeAsync(new(TimeSpan.FromDays(1)));
        long pages = roost.Number("PRAGMA page_count");

        PurgeResult purged = await roost.PurgeAsync(new(TimeSpan.Zero));

        purged.FreedBytes.Should().BeGreaterThan(8_000_000);
        long after = roost.Number("PRAGMA page_count");
        ((pages - after) * roost.Number("PRAGMA page_size")).Should().Be(purged.FreedBytes);
        roost.Number("PRAGMA freelist_count").Should().Be(0);
        new FileInfo(roost.Path).Length.Should().Be(after * roost.Number("PRAGMA page_size"));
        roost.Text("PRAGMA integrity_check").Should().Be("ok");
    }

    private async Task<string> EndedAsync(RoostRuntime roost, string end)
    {
        string id = await roost.EnqueueAsync(new WorkItem("scripted", new { end }));
        await roost.RunThroughAsync(clock);
        return id;
    }
}
