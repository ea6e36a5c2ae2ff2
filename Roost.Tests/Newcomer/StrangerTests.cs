using System.Text.Json;
using Microsoft.Extensions.Logging;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What a newcomer stumbled over in the first hour.</summary>
[TestFixture]
internal sealed class StrangerTests
{
    [Test]
    public async Task A_child_whose_key_is_known_has_the_id_of_the_item_that_has_the_key()
    {
        string? child = null;
        var parent = ScriptedEngine.From((state, context) =>
        {
            child = context.AddChild(new WorkItem("other", new { a = 1 }) { IdempotencyKey = "once", Detached = true });
            return ScriptedEngine.Finish(state);
        });
        await using RoostRuntime roost = TestRuntime.Create(null, parent);
        string known = await roost.EnqueueAsync(new WorkItem("other", new { a = 1 }) { IdempotencyKey = "once" });
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.RunUntilDoneAsync(id)).State.Should().Be(WorkState.Done);

        child.Should().Be(known);
    }

    [Test]
    public async Task A_step_that_adds_one_keyed_child_twice_has_added_one()
    {
        var children = new List<string>();
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, context) =>
        {
            for (int i = 0; i < 2; i++) children.Add(context.AddChild(new WorkItem("other", new { a = 1 }) { IdempotencyKey = "once" }));
            return ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.RunUntilDoneAsync(id)).State.Should().Be(WorkState.Done);

        children.Should().HaveCount(2).And.OnlyContain(child => child == children[0]);
        roost.Items().Where(item => roost.Detail(item.Id).ParentId is not null).Select(item => item.Id).Should().Equal(children[0]);
    }

    [Test]
    public async Task A_step_whose_childs_key_goes_to_another_meanwhile_runs_again_uncharged_and_learns_its_id()
    {
        RoostRuntime? enqueuer = null;
        var children = new List<string>();
        string? other = null;
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, null, new ScriptedEngine(async (state, context) =>
        {
            children.Add(context.AddChild(new WorkItem("other", new { a = 1 }) { IdempotencyKey = "once", Detached = true }));
            other ??= await enqueuer!.EnqueueAsync(new WorkItem("other", new { a = 1 }) { IdempotencyKey = "once" });
            return ScriptedEngine.Finish(state);
        }));
        enqueuer = roost;
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.RunUntilDoneAsync(id)).State.Should().Be(WorkState.Done);

        children.Should().HaveCount(2);
        children[1].Should().Be(other).And.NotBe(children[0]);
        (await roost.GetAsync(id)).Failures.Should().Be(0);
    }

    [Test]
    public async Task Running_until_an_item_is_done_that_is_in_a_queue_of_others_is_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted") { Queue = "others" });

        (await roost.Awaiting(it => it.RunUntilDoneAsync(id)).Should().ThrowAsync<ConflictException>()).WithMessage(
            "*\"others\"*RoostOptions.Queues*WaitAsync*"
        );
    }

    [Test]
    public async Task Running_until_an_item_is_done_whose_state_is_newer_is_refused()
    {
        await using RoostRuntime newer = TestRuntime.Create(
            null,
            new ScriptedEngine((state, _) => Task.FromResult(ScriptedEngine.GoOn(state, TimeSpan.FromDays(1)))) { Version = 2 }
        );
        string id = await newer.EnqueueAsync(new WorkItem("scripted"));
        await newer.RunUntilIdleAsync();
        await using RoostRuntime older = TestRuntime.Beside(newer, ScriptedEngine.CountingTo(1));

        (await older.Awaiting(it => it.RunUntilDoneAsync(id)).Should().ThrowAsync<ConflictException>()).WithMessage("*state of version 2*up to 1*");
    }

    [Test]
    public async Task Events_name_the_worker_as_the_lists_do()
    {
        string? worker = null;
        RoostRuntime? roost = null;
        var engine = new ScriptedEngine(async (state, _) =>
        {
            worker = (await roost!.ListWorkersAsync()).Single().Id;
            return ScriptedEngine.Finish(state);
        });
        await using (roost = TestRuntime.Create(null, engine))
        {
            string id = await roost.EnqueueAsync(new WorkItem("scripted"));
            await roost.RunUntilDoneAsync(id);

            WorkEvent claimed = (await roost.ListEventsAsync(id)).Items.First(it => it.Kind == EventKinds.Claimed);
            claimed.Data!.Value.GetProperty("worker").GetString().Should().Be(worker);
        }
    }

    [Test]
    public async Task A_null_state_is_refused_and_not_saved()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, null, new NullEngine());
        string id = await roost.EnqueueAsync(new WorkItem("null"));

        WorkSummary ended = await roost.RunUntilDoneAsync(id);

        ended.Version.Should().Be(0);
        ended.Error.Should().Contain("engine \"null\"").And.Contain(id);
    }

    [Test]
    public async Task A_null_task_is_refused_as_a_null_outcome()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, null, new ScriptedEngine((_, _) => null!));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.RunUntilDoneAsync(id)).Error.Should().StartWith("StepAsync: is null");
    }

    [Test]
    public async Task A_disposed_runtime_says_so_whatever_it_is_asked()
    {
        RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.DisposeAsync();

        await roost.Awaiting(it => it.GetAsync(id)).Should().ThrowAsync<ObjectDisposedException>();
        await roost.Awaiting(it => it.WaitAsync(id)).Should().ThrowAsync<ObjectDisposedException>();
        await roost.Awaiting(it => it.EnqueueAsync(new WorkItem("scripted"))).Should().ThrowAsync<ObjectDisposedException>();
        roost.Invoking(it => it.AddEngine(ScriptedEngine.CountingTo(1, id: "more"))).Should().Throw<ObjectDisposedException>();
    }

    [TestCase("../../etc/passwd")]
    [TestCase("/abs")]
    [TestCase("..")]
    [TestCase("a/./b")]
    [TestCase("C:\\x")]
    public async Task An_artifact_name_that_leads_out_of_a_folder_is_refused(string name)
    {
        var engine = ScriptedEngine.From((state, context) =>
        {
            context.AddArtifactText(name, "x");
            return ScriptedEngine.Finish(state);
        });
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, null, engine);
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        (await roost.RunUntilDoneAsync(id)).Error.Should().StartWith("name:").And.Contain("report.json");
        (await roost.ListArtifactsOfAsync(id)).Should().BeEmpty();
    }

    [Test]
    public async Task A_name_with_white_space_around_it_is_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);

        (await roost.Awaiting(it => it.EnqueueAsync(new WorkItem(" count "))).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("Engine");
    }

    [Test]
    public async Task Waiting_that_timed_out_leaves_no_watcher_behind_and_names_the_item()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        string id = await roost.EnqueueAsync(new WorkItem("nobody"));

        (await roost.Awaiting(it => it.WaitAsync(id, TimeSpan.Zero)).Should().ThrowAsync<TimeoutException>()).WithMessage($"*{id}*");

        roost.Writer.Watchers.Should().Be(0);
        await roost.Awaiting(it => it.WaitAsync(id, TimeSpan.FromSeconds(-1))).Should().ThrowAsync<InvalidInputException>();
    }

    [Test]
    public async Task Waiting_no_time_at_all_still_tells_what_has_ended_and_what_is_not_there()
    {
        await using RoostRuntime roost = TestRuntime.Create(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync();

        (await roost.WaitAsync(id, TimeSpan.Zero)).State.Should().Be(WorkState.Done);
        await roost.Awaiting(it => it.WaitAsync("nobody", TimeSpan.Zero)).Should().ThrowAsync<NotFoundException>();
    }

    [Test]
    public async Task A_dead_letter_is_logged_as_an_error_with_its_exception()
    {
        var log = new CollectingLog();
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { MaxAttempts = 1, LoggerFactory = log },
            null,
            ScriptedEngine.From((_, _) => throw new IOException("boom"))
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilDoneAsync(id);

        await roost.DisposeAsync();
        log.Lines.Should()
            .ContainSingle(line =>
                line.Level == LogLevel.Error && line.Exception is IOException && line.Text.Contains(id) && line.Text.Contains("dead letter")
            );
    }

    [Test]
    public async Task A_detail_shows_its_state_once_as_json()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilDoneAsync(id);

        string json = JsonSerializer.Serialize(await roost.GetAsync(id), RoostJson.Default);

        json.Should().Contain("\"data\":1").And.NotContain("utf8");
    }

    [Test]
    public void A_temporary_runtime_does_not_take_a_path()
    {
        Action create = () => RoostRuntime.CreateTemporary(new RoostOptions { Path = "mine.db" });

        create.Should().Throw<InvalidInputException>().Which.Field.Should().Be("Path");
    }

    private sealed class NullEngine : Engine<string>
    {
        public override string EngineId => "null";

        protected override string Init(WorkItem item) => null!;

        protected override Task<Outcome> StepAsync(string state, StepContext context) => Task.FromResult(Done(state));
    }

    private sealed class CollectingLog : TestLog
    {
        private readonly List<(LogLevel Level, string Text, Exception? Exception)> lines = [];

        public IReadOnlyList<(LogLevel Level, string Text, Exception? Exception)> Lines
        {
            get
            {
                lock (lines) return [.. lines];
            }
        }

        public override void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines) lines.Add((logLevel, formatter(state, exception), exception));
        }
    }
}
