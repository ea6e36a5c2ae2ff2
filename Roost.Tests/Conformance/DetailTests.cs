using Microsoft.Extensions.Time.Testing;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>One work item with everything about it, and the versions of its state.</summary>
internal sealed class DetailTests(StoreHost host) : ConformanceTests(host)
{
    [Test]
    public async Task Everything_that_was_enqueued_comes_back()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(clock);
        await roost.EnqueueAsync(new WorkItem("e") { Id = "parent" });
        await roost.EnqueueAsync(new WorkItem("e", new { Url = "https://example.com" })
        {
            Id = "w",
            Queue = "q",
            Priority = 7,
            Resources = ["b", "a"],
            ResourceHold = ResourceHold.Life,
            Delay = TimeSpan.FromMinutes(1),
            Deadline = TestRuntime.Start.AddHours(1),
            IdempotencyKey = "once",
            ParentId = "parent",
            Timeout = TimeSpan.FromSeconds(90),
            MaxAttempts = 3,
        });

        WorkDetail detail = await roost.GetAsync("w");

        detail.Should().BeEquivalentTo(new
        {
            Summary = new
            {
                Id = "w",
                Engine = "e",
                Queue = "q",
                State = WorkState.Queued,
                Priority = 7,
                Version = 0,
                Step = (string?)null,
                CreatedAt = TestRuntime.Start,
            },
            Resources = (string[])["a", "b"],
            ResourcesHeld = Array.Empty<string>(),
            ResourceHold = ResourceHold.Life,
            DueAt = (DateTimeOffset?)TestRuntime.Start.AddMinutes(1),
            ReadySince = (DateTimeOffset?)null,
            Deadline = (DateTimeOffset?)TestRuntime.Start.AddHours(1),
            IdempotencyKey = "once",
            ParentId = "parent",
            Timeout = (TimeSpan?)TimeSpan.FromSeconds(90),
            MaxAttempts = (int?)3,
            Failures = 0,
            Interruptions = 0,
            CancelRequested = false,
            Snapshot = (Snapshot?)null,
            SnapshotError = (string?)null,
            Lease = (Lease?)null,
            LastFailure = (WorkFailure?)null,
        });
        detail.Payload.GetRawText().Should().Be("""{"url":"https://example.com"}""");
        detail.Artifacts.Should().BeEmpty();
    }

    [Test]
    public async Task A_running_item_shows_its_lease_and_its_last_snapshot()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), held.Engine);
        string id = await roost.EnqueueAsync(new WorkItem("held"));

        await held.WhileRunningAsync(roost, async () =>
        {
            WorkDetail detail = await roost.GetAsync(id);
            string worker = (await roost.ListWorkersAsync()).Single().Id;

            detail
                .Lease.Should()
                .BeEquivalentTo(
                    new
                    {
                        WorkId = id,
                        WorkerId = worker,
                        Version = 1,
                        ClaimedAt = TestRuntime.Start,
                        ExpiresAt = TestRuntime.Start.AddSeconds(30),
                    }
                );
            detail.Lease!.Token.Should().MatchRegex("^[0-9a-f]{16}$");
            (await roost.ListLeasesAsync()).Should().Equal(detail.Lease);
            detail.Snapshot!.DataAs<int>().Should().Be(0);
        });
        (await roost.ListLeasesAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task A_failed_item_shows_its_last_error_and_a_finished_one_its_outputs()
    {
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { MaxAttempts = 1 }, TestRuntime.Clock(), ScriptedEngine.From((_, context) =>
        {
            if (context.Item.Id == "bad") throw new InvalidOperationException("broken");
            context.AddArtifact("report.json", new { ok = true }, new ArtifactInfo { Metadata = new { by = "test" } });
            context.AddArtifactUri("page", new Uri("https://example.com/page"));
            return ScriptedEngine.Finish(1);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "bad" });
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "good" });
        await roost.RunUntilIdleAsync();

        WorkDetail bad = await roost.GetAsync("bad"), good = await roost.GetAsync("good");

        bad.LastFailure.Should()
            .BeEquivalentTo(
                new
                {
                    Reason = FailReasons.MaxAttempts,
                    ErrorType = "System.InvalidOperationException",
                    Message = "broken",
                    Attempt = 1,
                    Version = 1,
                    At = TestRuntime.Start,
                }
            );
        bad.LastFailure!.Stack.Should().Contain(nameof(DetailTests));
        bad.Snapshot!.FailedAt.Should().Be(TestRuntime.Start);
        bad.Snapshot.FinishedAt.Should().BeNull();
        good.LastFailure.Should().BeNull();
        good.Snapshot!.FinishedAt.Should().Be(TestRuntime.Start);
        good.Artifacts.Select(artifact => (artifact.Name, artifact.Kind, artifact.Uri))
            .Should()
            .Equal(("report.json", ArtifactKind.Json, null), ("page", ArtifactKind.Other, "https://example.com/page"));
        good.Artifacts[0].Metadata!.Value.GetProperty("by").GetString().Should().Be("test");
        good.Artifacts[0].Sha256.Should().MatchRegex("^[0-9a-f]{64}$");
        good.Artifacts[0].Size.Should().BePositive();
        good.Artifacts[1].Size.Should().BeNull();
    }

    [Test]
    public async Task Children_are_counted_in_each_state()
    {
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), ScriptedEngine.CountingTo(1));
        await roost.EnqueueAsync(new WorkItem("other") { Id = "parent" });
        for (int i = 0; i < 3; i++) await roost.EnqueueAsync(new WorkItem("scripted") { ParentId = "parent" });
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("other") { ParentId = "parent" });

        (await roost.GetAsync("parent")).Children.Should().BeEquivalentTo(new Dictionary<WorkState, int> { [WorkState.Done] = 3, [WorkState.Queued] = 1 });
    }

    [Test]
    public async Task A_running_child_is_counted()
    {
        using var held = new HeldStep();
        await using RoostRuntime roost = await OpenAsync(TestRuntime.Clock(), held.Engine);
        await roost.EnqueueAsync([new WorkItem("other") { Id = "parent" }, new WorkItem("held") { ParentId = "parent" }]);

        await held.WhileRunningAsync(roost, async () =>
            (await roost.GetAsync("parent")).Children.Should().BeEquivalentTo(new Dictionary<WorkState, int> { [WorkState.Running] = 1 }));
    }

    [Test]
    public async Task An_item_that_does_not_exist_is_not_found()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.Invoking(it => it.GetAsync("nobody")).Should().ThrowAsync<NotFoundException>()).WithMessage("There is no work item nobody in *");
        await roost.Invoking(it => it.ListHistoryAsync("nobody")).Should().ThrowAsync<NotFoundException>();
        await roost.Invoking(it => it.GetSnapshotAsync("nobody")).Should().ThrowAsync<NotFoundException>();
    }

    [Test]
    public async Task The_history_tells_each_kept_version()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await OpenAsync(
            new RoostOptions { HistoryFirst = 2, HistoryLast = 2 },
            clock,
            ScriptedEngine.CountingTo(6, TimeSpan.FromMinutes(1))
        );
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));
        await roost.RunThroughAsync(clock);

        IReadOnlyList<SnapshotVersion> history = await roost.ListHistoryAsync(id);

        history.Select(version => version.Version).Should().Equal(1, 2, 6, 7);
        history[0]
            .Should()
            .Be(new SnapshotVersion { Version = 1, Step = "init", StateVersion = 1, At = TestRuntime.Start, Delay = default, Size = 1, Added = 1 });
        history[2].At.Should().Be(TestRuntime.Start.AddMinutes(4));
        history[2].Delay.Should().Be(TimeSpan.FromMinutes(1));
        (await roost.GetSnapshotAsync(id, 2)).DataAs<int>().Should().Be(1);
        (await roost.GetSnapshotAsync(id)).Version.Should().Be(7);
        (await roost.Invoking(it => it.GetSnapshotAsync(id, 4)).Should().ThrowAsync<NotFoundException>()).WithMessage(
            "*has no snapshot version 4; it is at version 7*"
        );
    }

    [Test]
    public async Task A_version_below_one_is_refused()
    {
        await using RoostRuntime roost = await OpenAsync(null);

        (await roost.Invoking(it => it.GetSnapshotAsync("w", 0)).Should().ThrowAsync<InvalidInputException>()).Which.Field.Should().Be("version");
    }
}
