using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What all work items have produced, in one list.</summary>
internal sealed class ArtifactListTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task The_newest_comes_first_and_pages_go_on_where_the_one_before_ended()
    {
        await using RoostRuntime roost = await WithArtifactsAsync(5);

        Page<Artifact> first = await roost.ListArtifactsAsync(limit: 3), second = await roost.ListArtifactsAsync(limit: 3, cursor: first.Next);

        first.Items.Select(one => one.Name).Should().Equal("report-4.json", "report-3.json", "report-2.json");
        first.Items[0].Should().BeEquivalentTo((await roost.ListArtifactsOfAsync("w4")).Single(), compare => compare.Excluding(one => one.Metadata));
        second.Items.Select(one => one.WorkId).Should().Equal("w1", "w0");
        second.Next.Should().BeNull();
    }

    [Test]
    public async Task A_page_that_ends_at_the_last_artifact_is_the_last()
    {
        await using RoostRuntime roost = await WithArtifactsAsync(3);

        (await roost.ListArtifactsAsync(limit: 3)).Next.Should().BeNull();
    }

    [Test]
    public async Task A_filter_narrows_it_by_engine_and_by_name()
    {
        await using RoostRuntime roost = await WithArtifactsAsync(3);

        (await roost.ListArtifactsAsync(new() { Name = "REPORT-1" })).Items.Should().ContainSingle().Which.WorkId.Should().Be("w1");
        (await roost.ListArtifactsAsync(new() { Engine = "scripted" })).Items.Should().HaveCount(3);
        (await roost.ListArtifactsAsync(new() { Engine = "other" })).Items.Should().BeEmpty();
    }

    [Test]
    public async Task An_artifact_that_comes_while_the_list_is_read_moves_no_page()
    {
        await using RoostRuntime roost = await WithArtifactsAsync(4);
        Page<Artifact> first = await roost.ListArtifactsAsync(limit: 2);

        await roost.EnqueueAsync(new WorkItem("scripted", new { n = 9 }) { Id = "w9" });
        await roost.RunUntilIdleAsync();

        (await roost.ListArtifactsAsync(limit: 2, cursor: first.Next)).Items.Select(one => one.WorkId).Should().Equal("w1", "w0");
    }

    [Test]
    public async Task A_cursor_of_another_list_and_an_empty_filter_are_refused_by_name()
    {
        await using RoostRuntime roost = await WithArtifactsAsync(3);
        string other = (await roost.ListAsync(limit: 1)).Next!;

        (await roost.Invoking(it => it.ListArtifactsAsync(cursor: other)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("cursor");
        (await roost.Invoking(it => it.ListArtifactsAsync(new() { Name = "" })).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("Name");
        (await roost.Invoking(it => it.ListArtifactsAsync(limit: 0)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("limit");
    }

    private async Task<RoostRuntime> WithArtifactsAsync(int count)
    {
        RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.From((state, context) =>
        {
            context.AddArtifact($"report-{context.Item.Payload.GetProperty("n")}.json", new { state }, new() { Metadata = new { state } });
            return ScriptedEngine.Finish(state);
        }));
        for (int n = 0; n < count; n++)
        {
            await roost.EnqueueAsync(new WorkItem("scripted", new { n }) { Id = $"w{n}" });
            await roost.RunUntilIdleAsync();
        }
        return roost;
    }
}
