using System.Text;
using Roost.Commands;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>What comes after a commit changes no exit code: whoever sees an error does it again, and then there are two.</summary>
[TestFixture, NonParallelizable] // The command runs in this process, with its console.
internal sealed class AfterCommitTests : FolderFixture
{
    private string database = "";

    /// <summary>A full disk or a broken pipe behind the output.</summary>
    private sealed class FullOutput : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw new IOException("No space left on device");

        public override void Write(string? value) => throw new IOException("No space left on device");

        public override void WriteLine(string? value) => throw new IOException("No space left on device");
    }

    [SetUp]
    public async Task FillAsync()
    {
        database = folder["roost.db"];
        await using var roost = new RoostRuntime(database);
        roost.AddEngine(ScriptedEngine.From((_, _) => ScriptedEngine.GiveUp("x")));
        await roost.EnqueueAsync([
            new WorkItem("scripted") { Id = "failed-1" },
            new WorkItem("scripted") { Id = "failed-2" },
            new WorkItem("scripted") { Id = "failed-3" },
        ]);
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync([new WorkItem("demo") { Id = "waits", Delay = TimeSpan.FromHours(1) }, new WorkItem("demo") { Id = "given-up" }]);
        await roost.CancelAsync("given-up");
    }

    [TestCase("enqueue", "-e", "demo", "--id", "new-1")]
    [TestCase("cancel", "waits")]
    [TestCase("requeue", "waits")]
    [TestCase("priority", "waits", "7")]
    [TestCase("retry", "failed-1")]
    [TestCase("dead-letters", "retry", "failed-1", "failed-2")]
    [TestCase("dead-letters", "discard", "--all", "--yes")]
    [TestCase("prune", "--older-than", "0s", "--yes")]
    public async Task An_output_that_cannot_be_written_is_told_and_the_verb_has_done_its_work(params string[] arguments)
    {
        Dictionary<string, long> before = FileAudit.Contents(database);

        CommandResult result = await CommandInProcess.RunAsync([.. arguments, "--db", database], output: new FullOutput());

        result.Ends(ExitCodes.Ok).Error.Should().Contain("No space left").And.StartWith("roost ");
        FileAudit.Contents(database).Should().NotEqual(before);
    }

    [Test]
    public async Task All_that_were_named_are_changed_before_the_first_line_is_written()
    {
        (await CommandInProcess.RunAsync(["dead-letters", "retry", "failed-1", "failed-2", "--db", database], output: new FullOutput())).Ends(ExitCodes.Ok);

        await using var roost = new RoostRuntime(database);
        foreach (string id in (string[])["failed-1", "failed-2"]) roost.StateOf(id).Should().Be(WorkState.Queued);
    }

    [Test]
    public async Task An_engine_that_cannot_be_made_keeps_no_item_from_being_enqueued_once()
    {
        int made = 0;
        CommandResult result = await CommandInProcess.RunAsync(["enqueue", "-e", "own", "--id", "new-1", "--db", database], addEngines: roost =>
            roost.AddEngine(() =>
            {
                made++;
                throw new InvalidOperationException("no connection string");
            })
        );

        result.Ends(ExitCodes.Ok).Word.Should().Be("new-1");
        result.Error.Should().BeEmpty();
        made.Should().Be(1, "the test means what it says");
    }

    [Test]
    public async Task Engines_are_named_without_a_file_and_without_those_that_cannot_be_made()
    {
        CommandResult result = await CommandInProcess.RunAsync(["engines", "--db", database], addEngines: _ =>
            throw new InvalidOperationException("no connection string")
        );

        result.Ends(ExitCodes.Ok).Output.Should().Contain("scripted");
        result.Error.Should().Contain("no connection string");
        RoostRuntime
            .EngineIdsOf(roost => roost.AddEngine(ScriptedEngine.CountingTo(1, id: "b")).AddEngine(ScriptedEngine.CountingTo(1, id: "a")))
            .Should()
            .Equal("a", "b");
    }

    [Test]
    public void What_only_names_engines_has_no_file_to_work_on()
    {
        foreach (
            Func<RoostRuntime, Task> use in (Func<RoostRuntime, Task>[])
                [roost => roost.EnqueueAsync(new WorkItem("demo")), roost => roost.ListAsync(), roost => roost.RunUntilIdleAsync(), roost => roost.AdoptAsync()]
        )
            FluentActions
                .Invoking(() => RoostRuntime.EngineIdsOf(roost => use(roost.AddEngine(ScriptedEngine.CountingTo(1))).GetAwaiter().GetResult()))
                .Should()
                .Throw<ObjectDisposedException>();
    }

    [Test]
    public void An_item_is_checked_without_a_file()
    {
        RoostRuntime.Check(new WorkItem("demo"));
        FluentActions
            .Invoking(() => RoostRuntime.Check(new WorkItem("demo") { MaxAttempts = 0 }))
            .Should()
            .Throw<InvalidInputException>()
            .Which.Field.Should()
            .Be("MaxAttempts");
    }

    [Test]
    public async Task Nothing_needs_a_temporary_folder()
    {
        using var other = new CommandFolder();
        var environment = new Dictionary<string, string> { ["TMPDIR"] = "/nowhere/at/all" };

        CommandResult enqueued = await other.RunWithAsync(environment, "", "enqueue", "-e", "demmo");

        enqueued.Ends(0).Output.Should().MatchRegex("^[0-9a-f-]{36}\n$");
        enqueued.Error.Should().Contain("did you mean demo?");
        (await other.RunWithAsync(environment, "", "[suggest:25]", "roost enqueue --engine wa")).Ends(0).Word.Should().Be("watchlist");
    }
}
