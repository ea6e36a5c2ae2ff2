using System.Diagnostics;
using Roost.Tests.Conformance;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Each step is linked to where it comes from, whichever process that was.</summary>
[TestFixture, NonParallelizable]
internal sealed class TelemetryLinkTests : FolderFixture
{
    private static readonly RoostOptions Quick = new() { RetryBaseDelay = TimeSpan.FromMilliseconds(1), RetryMaxDelay = TimeSpan.FromMilliseconds(2) };

    private Traces traces = null!;

    [SetUp]
    public void Listen() => traces = new();

    [TearDown]
    public void StopListening() => traces.Dispose();

    [Test]
    public async Task Each_step_begins_a_trace_and_is_linked_to_whoever_enqueued_the_item()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(3));
        Activity request = Traces.Begin("request");
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it", Queue = "default" });
        request.Dispose();
        await roost.RunUntilDoneAsync("it").Soon();

        Activity enqueue = traces.Of("enqueue").Single();
        (enqueue.ParentSpanId, enqueue.TraceId, enqueue.Kind, enqueue.DisplayName).Should()
            .Be((request.SpanId, request.TraceId, ActivityKind.Producer, "enqueue default"));
        List<Activity> steps = traces.StepsOf("it");
        steps.Should().HaveCount(4);
        steps.Select(step => step.TraceId).Should().OnlyHaveUniqueItems().And.NotContain(request.TraceId);
        foreach (Activity step in steps)
        {
            (step.Kind, step.Parent, step.ParentSpanId, step.DisplayName).Should().Be((ActivityKind.Consumer, null, default, "step default"));
            Traces.LinksOf(step).Should().Equal(Traces.To(enqueue, "enqueue"));
        }
        steps.Select(step => (int)step.GetTagItem("roost.version")!).Should().Equal(0, 1, 2, 3);
        steps.Select(step => step.GetTagItem("roost.outcome")).Should().Equal("continue", "continue", "continue", "done");
    }

    [Test]
    public async Task A_step_in_another_process_is_linked_with_what_the_file_keeps_of_the_enqueuer()
    {
        await using ChildProcess child = ChildProcess.Start("trace", folder["roost.db"]);
        string parent = (await child.WaitForAsync("enqueued"))["enqueued ".Length..];
        await child.EndAsync();
        await using RoostRuntime roost = new RoostRuntime(folder["roost.db"]).AddEngine(ScriptedEngine.CountingTo(1));
        await roost.RunUntilDoneAsync("traced").Soon();

        ActivityContext kept = traces.StepsOf("traced")[^1].Links.Single().Context;
        (kept.TraceId.ToString(), kept.SpanId.ToString(), kept.TraceState, kept.IsRemote).Should().Be((parent[3..35], parent[36..52], "vendor=1", true));
    }

    [Test]
    public async Task A_child_and_a_follow_up_are_linked_to_the_step_that_they_come_from_and_so_are_a_steps_signals()
    {
        ScriptedEngine engine = ScriptedEngine.From((state, context) =>
        {
            if (context.Item.Id != "parent") return ScriptedEngine.Finish(state);
            context.AddChild(new WorkItem("scripted") { Id = "child" });
            context.Signal("waiter", "go");
            return ScriptedEngine.Finish(state);
        });
        ScriptedEngine waiter = ScriptedEngine.From(
            (state, context) => context.Wake is null ? Outcome.WaitFor(state, new Wait { Signals = ["go"] }) : ScriptedEngine.Finish(state), "waits");
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { Triggers = [new("scripted", "follows") { If = "item.payload.triggers" }] }, null,
            engine, waiter, ScriptedEngine.CountingTo(1, id: "follows"));
        await roost.EnqueueAsync(new WorkItem("waits") { Id = "waiter" });
        await roost.RunUntilIdleAsync().Soon();
        await roost.EnqueueAsync(new WorkItem("scripted", new { triggers = true }) { Id = "parent" });
        await roost.RunUntilIdleAsync().Soon();

        Activity last = traces.StepsOf("parent")[^1];
        string follower = roost.Items().Single(item => item.Engine == "follows").Id;
        Traces.LinksOf(traces.StepsOf("child")[0]).Should().Equal(Traces.To(last, "enqueue"));
        Traces.LinksOf(traces.StepsOf(follower)[0]).Should().Equal(Traces.To(last, "enqueue"));
        Traces.LinksOf(traces.StepsOf("waiter")[^1]).Should().HaveCount(2).And.Contain(Traces.To(last, "signal"));
        traces.StepsOf("waiter")[^1].GetTagItem("roost.wake").Should().Be("signal");
    }

    [Test]
    public async Task A_step_is_linked_to_the_senders_of_what_woke_it_and_of_what_it_takes_in_each_try()
    {
        int tries = 0;
        await using RoostRuntime roost = TestRuntime.Create(Quick, null, ScriptedEngine.From((state, context) =>
        {
            if (context.Wake is null) return Outcome.WaitFor(state, new Wait { Signals = ["go"] });
            context.TakeSignals();
            return ++tries == 1 ? throw new InvalidOperationException("once") : ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync().Soon();
        await roost.SignalAsync(id, "go", new { n = 1 }, "first");
        await roost.SignalAsync(id, "other");
        await roost.RunUntilDoneAsync(id).Soon();

        Activity enqueue = traces.Of("enqueue").Single();
        List<Activity> signals = traces.Of("signal");
        string[] links = [Traces.To(enqueue, "enqueue"), Traces.To(signals[0], "signal"), Traces.To(signals[1], "signal")];
        List<Activity> steps = traces.StepsOf(id);
        steps.Should().HaveCount(4);
        foreach (Activity step in steps[2..]) Traces.LinksOf(step).Should().Equal(links);
        (steps[2].Status, steps[2].GetTagItem("error.type"), steps[2].GetTagItem("roost.outcome")).Should()
            .Be((ActivityStatusCode.Error, "System.InvalidOperationException", "error"));
        steps[2].Events.Should().ContainSingle(one => one.Name == "exception");
        steps[3].GetTagItem("roost.attempt").Should().Be(2);
    }

    [Test]
    public async Task An_answer_is_linked_to_the_step_that_asks_and_the_next_step_to_the_answer()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, context) =>
            context.Wake is null ? Outcome.WaitFor(state, new Wait { Ask = new("Go on?") }) : ScriptedEngine.Finish(state)));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync().Soon();
        AskInfo ask = (await roost.ListAsksAsync()).Items.Single();
        await roost.AnswerAsync(ask.Id, true, "someone");
        await roost.RunUntilDoneAsync(id).Soon();

        Activity answer = traces.Of("answer").Single();
        List<Activity> steps = traces.StepsOf(id);
        Traces.LinksOf(answer).Should().Equal(Traces.To(steps[1], "ask"));
        Traces.LinksOf(steps[2]).Should().Contain(Traces.To(answer, "answer"));
    }

    [Test]
    public async Task A_withdrawal_is_linked_to_the_step_that_asks_and_each_try_of_the_next_step_to_the_withdrawal()
    {
        int tries = 0;
        await using RoostRuntime roost = TestRuntime.Create(Quick, null, ScriptedEngine.From((state, context) =>
            context.Wake is null ? Outcome.WaitFor(state, new Wait { Ask = new("Go on?") })
            : ++tries == 1 ? throw new InvalidOperationException("once")
            : ScriptedEngine.Finish(state)));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync().Soon();
        AskInfo ask = (await roost.ListAsksAsync()).Items.Single();
        await roost.WithdrawAskAsync(ask.Id, "someone");
        await roost.RunUntilDoneAsync(id).Soon();

        Activity withdraw = traces.Of("withdraw").Single();
        List<Activity> steps = traces.StepsOf(id);
        steps.Should().HaveCount(4);
        Traces.LinksOf(withdraw).Should().Equal(Traces.To(steps[1], "ask"));
        foreach (Activity step in steps[2..])
            Traces.LinksOf(step).Should().Equal(Traces.To(traces.Of("enqueue").Single(), "enqueue"), Traces.To(withdraw, "withdraw"));
    }

    [Test]
    public async Task A_step_that_was_interrupted_keeps_its_links()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        using (Ghost ghost = await new SqliteHost().GhostAsync(roost, ScriptedEngine.CountingTo(1)))
        {
            (await ghost.ClaimAsync()).Should().HaveCount(1);
            ghost.Die();
        }
        await roost.RunUntilDoneAsync("it").Soon();

        Activity first = traces.StepsOf("it")[0];
        Traces.LinksOf(first).Should().Equal(Traces.To(traces.Of("enqueue").Single(), "enqueue"));
        first.GetTagItem("roost.interruptions").Should().Be(1);
    }

    [Test]
    public async Task What_the_engine_starts_is_below_its_step()
    {
        var current = new List<Activity?>();
        var options = new RoostOptions { StepTimeout = TimeSpan.FromMinutes(1) };
        await using RoostRuntime roost = TestRuntime.Create(options, null, new ScriptedEngine(async (state, _) =>
        {
            await Task.Yield();
            using Activity chat = Traces.Begin("chat some-model");
            chat.SetTag("gen_ai.operation.name", "chat");
            current.Add(chat.Parent);
            return ScriptedEngine.Finish(state);
        }));
        await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon();

        current.Should().ContainSingle().Which!.OperationName.Should().Be("roost.step");
    }

    [TestCase("")]
    [TestCase("not a context")]
    [TestCase("00-00000000000000000000000000000000-0000000000000000-01")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x")]
    [TestCase("00-0AF7651916CD43DD8448EB211C80319C-B7AD6B7169203331-01")]
    [TestCase("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 \uFFFD\u0001=,,=")]
    public async Task A_context_that_cannot_be_read_is_no_link_and_no_fault(string stored)
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, context) =>
            context.Wake is null ? Outcome.WaitFor(state, new Wait { Signals = ["go"] }) : ScriptedEngine.Finish(state)));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.SignalAsync(id, "go");
        Probe.Execute(roost.Path, "UPDATE roost_work_input SET trace = $0", stored);
        Probe.Execute(roost.Path, "UPDATE roost_signal SET trace = $0", stored);

        (await roost.RunUntilDoneAsync(id).Soon()).State.Should().Be(WorkState.Done);

        traces.StepsOf(id).Should().HaveCount(3).And.OnlyContain(step => !step.Links.Any());
    }

    [Test]
    public async Task A_step_that_is_sampled_out_passes_its_items_context_on()
    {
        traces.Dispose();
        traces = new(ActivitySamplingResult.None);
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, context) =>
        {
            if (context.Item.Id == "parent") context.AddChild(new WorkItem("scripted") { Id = "child" });
            return ScriptedEngine.Finish(state);
        }));
        Activity request = Traces.Begin("request");
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "parent" });
        request.Dispose();
        await roost.RunUntilIdleAsync().Soon();

        traces.Of("step").Should().BeEmpty();
        roost.Rows("SELECT trace FROM roost_work_input").Should().Equal(request.Id, request.Id);
    }

    [Test]
    public async Task The_children_of_a_step_that_is_only_propagated_are_linked_to_it()
    {
        traces.Dispose();
        traces = new(ActivitySamplingResult.PropagationData);
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, context) =>
        {
            context.AddChild(new WorkItem("none") { Id = "child" });
            return ScriptedEngine.Finish(state);
        }));
        await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("scripted") { Id = "parent" })).Soon();

        Activity step = traces.Of("step")[^1];
        (step.Recorded, step.IsAllDataRequested).Should().Be((false, false));
        Probe.Text(roost.Path, "SELECT i.trace FROM roost_work_input i JOIN roost_work w ON w.key = i.work WHERE w.id = 'child'").Should().Be(step.Id);
    }

    [Test]
    public async Task Where_nobody_listens_nothing_is_kept_and_nothing_is_started()
    {
        traces.Dispose();
        Activity? seen = null;
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, context) =>
        {
            seen ??= Activity.Current;
            if (context.Wake is null) return Outcome.WaitFor(state, new Wait { Signals = ["go"], Ask = new("Go on?") });
            context.AddChild(new WorkItem("none"));
            return ScriptedEngine.Finish(state);
        }));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunUntilIdleAsync().Soon();
        await roost.SignalAsync(id, "go");
        await roost.RunUntilDoneAsync(id).Soon();

        seen.Should().BeNull();
        foreach (string column in (string[])["roost_work_input WHERE trace", "roost_signal WHERE trace", "roost_ask WHERE coalesce(trace, answer_trace)"])
            FileAudit.Count(roost.Path, $"{column} IS NOT NULL").Should().Be(0, column);
    }
}
