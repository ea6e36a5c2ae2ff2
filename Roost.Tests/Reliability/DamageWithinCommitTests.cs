using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>What is damaged and met while a step is saved, or while an item is claimed, ends that item's step in words, and nothing goes on for ever.</summary>
[TestFixture, Category("Reliability")]
internal sealed class DamageWithinCommitTests
{
    [Test]
    public async Task A_step_that_cannot_be_saved_for_damage_elsewhere_fails_and_the_loop_goes_on()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 1 }, null, ScriptedEngine.From((state, context) =>
        {
            if (context.Item.Id == "parent") context.AddChild(new WorkItem("other", new { a = 1 }) { IdempotencyKey = "once" });
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("other", new { a = 1 }) { IdempotencyKey = "once" });
        roost.Execute("UPDATE roost_work_input SET payload = replace(payload, '1', '2')");
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "parent" }, new WorkItem("scripted") { Id = "beside" }]);

        await roost.RunUntilIdleAsync().WaitAsync(Gate.Patience);

        WorkDetail parent = await roost.GetAsync("parent");
        (parent.Summary.State, parent.Summary.Version).Should().Be((WorkState.Failed, 1));
        parent.Summary.Error.Should().Contain("payload");
        roost.StateOf("beside").Should().Be(WorkState.Done);
    }

    [Test]
    public async Task A_rule_of_a_trigger_that_cannot_be_read_fails_the_step_that_would_have_fired_it()
    {
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { MaxAttempts = 1, Triggers = [new("scripted", "next")] },
            null,
            ScriptedEngine.CountingTo(2)
        );
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "first" });
        await roost.StepOnceAsync();
        roost.Execute("UPDATE roost_trigger_rule SET fields = '{'");
        await using RoostRuntime other = new RoostRuntime(new RoostOptions { Path = roost.Path, MaxAttempts = 1 }).AddEngine(ScriptedEngine.CountingTo(1));

        await other.RunUntilIdleAsync().WaitAsync(Gate.Patience);

        (await other.GetAsync("first")).Summary.State.Should().Be(WorkState.Failed);
        roost.Number("SELECT count(*) FROM roost_work").Should().Be(1, "nothing was fired");
    }

    [Test]
    public async Task An_item_whose_payload_is_gone_is_not_given_to_its_engine()
    {
        int calls = 0;
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.From((state, _) =>
        {
            Interlocked.Increment(ref calls);
            return ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "bare" });
        roost.Execute("DELETE FROM roost_work_input");

        await roost.RunUntilIdleAsync().WaitAsync(Gate.Patience);

        calls.Should().Be(0);
        WorkDetail item = await roost.GetAsync("bare");
        (item.Summary.State, item.LastFailure!.Reason).Should().Be((WorkState.Failed, FailReasons.CorruptPayload));
        item.PayloadError.Should().Contain("bare");
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task An_artifact_that_is_made_anew_mends_the_content_that_was_damaged(bool streamed)
    {
        byte[] content = Artifacts.Bytes((2 * Artifacts.Chunk) + 100);
        await using RoostRuntime roost = TestRuntime.Create(null, Artifacts.Once(async context =>
        {
            if (streamed) await context.AddArtifactAsync("out.bin", new MemoryStream(content));
            else context.AddArtifactBytes("out.bin", content);
        }));
        string first = await Artifacts.RunAsync(roost);
        roost.Execute("UPDATE roost_blob_chunk SET data = zeroblob(length(data)) WHERE n = 1");
        roost.Execute("DELETE FROM roost_blob_chunk WHERE n = 2");
        await roost.Awaiting(it => it.ReadArtifactAsync(first, "out.bin")).Should().ThrowAsync<DataCorruptException>();

        string second = await Artifacts.RunAsync(roost);

        (await roost.ReadArtifactAsync(second, "out.bin")).Should().Equal(content);
        (await roost.ReadArtifactAsync(first, "out.bin")).Should().Equal(content, "it is the same content");
        roost.Number("SELECT count(*) FROM roost_blob").Should().Be(1);
        FileAudit.MustAgree(roost.Path);
    }
}
