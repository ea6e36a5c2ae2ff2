using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>What the other tests of this folder rest on: the audits see what is lost or changed.</summary>
[TestFixture, Category("Reliability")]
internal sealed class AuditTests : FolderFixture
{
    private readonly List<string> said = [];
    private string path = null!, hash = null!;

    [SetUp]
    public async Task MakeAsync()
    {
        path = folder["roost.db"];
        said.Clear();
        await using RoostRuntime roost = new RoostRuntime(path).AddEngine(new ChildEngine(said.Add));
        var item = new WorkItem("child", new ChildPayload(2)) { Id = "it", IdempotencyKey = "key" };
        hash = FileAudit.Hash(item.Payload.GetRawText());
        await roost.EnqueueAsync(item);
        await roost.EnqueueAsync(new WorkItem("nobody") { Id = "waiting" });
        await roost.SetPriorityAsync("it", 3);
        await roost.RunUntilDoneAsync("it");
        said.AddRange([$"enqueued it child {hash}", "keyed key it", "did priority_changed it", "done it", "purged gone", "open"]);
        FileAudit.MustHold(path, said);
    }

    [TestCase("enqueued gone child HASH")]
    [TestCase("enqueued it nobody HASH")]
    [TestCase("enqueued it child 00")]
    [TestCase("enqueued it")]
    [TestCase("brief gone")]
    [TestCase("brief it")]
    [TestCase("purged gone it")]
    [TestCase("done waiting")]
    [TestCase("keyed other it")]
    [TestCase("did cancelled it")]
    [TestCase("did priority_changed it")]
    [TestCase("saw it 1 00")]
    [TestCase("saw it 9 00")]
    [TestCase("whatever it")]
    public void What_was_acknowledged_and_is_not_so_is_seen(string line)
    {
        Action audit = () => FileAudit.MustHold(path, [.. said, line.Replace("HASH", hash, StringComparison.Ordinal)]);
        audit.Should().Throw<AssertionException>();
    }

    [TestCase("UPDATE roost_work SET priority = priority + 1")]
    [TestCase("UPDATE roost_snapshot SET data = data || ' ' WHERE version = 1")]
    [TestCase("DELETE FROM roost_event WHERE seq = (SELECT min(seq) FROM roost_event)")]
    [TestCase("INSERT INTO roost_meta VALUES ('other', '1')")]
    public void A_value_that_is_not_what_it_was_is_seen(string change)
    {
        FileValues before = FileValues.Of(path);
        before.MustBeUnchangedIn(path, "before");
        using (SqliteConnection file = FileAudit.Open(path)) file.Execute(change).Should().BePositive();

        Action audit = () => before.MustBeKeptIn(path, change);
        audit.Should().Throw<AssertionException>();
    }

    [Test]
    public void A_schema_that_is_not_what_it_was_is_seen()
    {
        FileValues before = FileValues.Of(path);
        Probe.Execute(path, "CREATE INDEX other ON roost_work (state)");

        Action audit = () => before.MustBeUnchangedIn(path, "changed");
        audit.Should().Throw<AssertionException>();
        before.MustBeKeptIn(path, "no value is changed");
    }
}
