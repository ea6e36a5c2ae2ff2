using System.Text.Json.Nodes;
using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>States that are stored as what differs from the version before: nobody sees it, whatever a state does and whoever reads it.</summary>
internal sealed class DifferenceTests(StoreHost host) : ConformanceTests(host)
{
    private const int All = 1_000_000;

    [Test]
    public async Task Every_version_of_a_state_that_is_edited_at_random_comes_back_as_it_was([Range(1, 6)] int seed)
    {
        var engine = new GrowingEngine(seed, steps: 150);
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { HistoryLast = All, MaxStepsWithoutProgress = 0 }, null, engine);
        string id = await roost.EnqueueAsync(new WorkItem("growing"));

        await roost.RunUntilIdleAsync();

        await MustHaveAsync(roost, id, engine, Enumerable.Range(1, 151));
        IReadOnlyList<SnapshotVersion> history = await roost.ListHistoryAsync(id);
        history.Sum(version => version.Added).Should().BeLessThan(history.Sum(version => version.Size) / 2, "most of them are stored as differences");
        MustAgree(roost);
    }

    [Test]
    public async Task So_does_it_where_each_step_reads_it_from_the_store()
    {
        var engine = new GrowingEngine(7, steps: 60);
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { HistoryLast = All }, null, engine);
        string id = await roost.EnqueueAsync(new WorkItem("growing"));

        for (int n = 0; n < 60; n++)
        {
            await using RoostRuntime beside = await BesideAsync(roost, engine);
            (await beside.StepOnceAsync()).Should().NotBeNull();
        }
        await roost.RunUntilIdleAsync();

        await MustHaveAsync(roost, id, engine, Enumerable.Range(1, 61));
    }

    [Test]
    public async Task What_is_kept_and_listed_is_what_the_options_say([Values(0, 1, 2, 3)] int first, [Values(1, 2, 3)] int last)
    {
        var engine = new GrowingEngine(first * 10 + last, steps: 80);
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { HistoryFirst = first, HistoryLast = last }, null, engine);
        string id = await roost.EnqueueAsync(new WorkItem("growing"));

        await roost.RunUntilIdleAsync();

        int[] kept = [.. Enumerable.Range(1, first), .. Enumerable.Range(82 - last, last)];
        await MustHaveAsync(roost, id, engine, kept);
        foreach (int gone in Enumerable.Range(1, 81).Except(kept))
            await roost.Invoking(it => it.GetSnapshotAsync(id, gone)).Should().ThrowAsync<NotFoundException>();
        MustAgree(roost);
    }

    [Test]
    public async Task A_history_that_is_shorter_from_now_on_hides_what_is_kept_as_a_base()
    {
        var engine = new GrowingEngine(5, steps: 40);
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { HistoryLast = All }, null, engine);
        string id = await roost.EnqueueAsync(new WorkItem("growing"));
        for (int n = 0; n < 30; n++) await roost.StepOnceAsync();
        await using RoostRuntime brief = await BesideAsync(roost, roost.Options with { HistoryFirst = 1, HistoryLast = 2 }, engine);

        await brief.RunUntilIdleAsync();

        await MustHaveAsync(brief, id, engine, [1, 40, 41]);
    }

    [Test]
    public async Task A_state_that_its_engine_migrates_is_compared_with_nothing_and_goes_on()
    {
        var old = new GrowingEngine(3, steps: 60);
        await using RoostRuntime roost = await OpenAsync(new RoostOptions { HistoryLast = All }, null, old);
        string id = await roost.EnqueueAsync(new WorkItem("growing"));
        for (int n = 0; n < 20; n++) await roost.StepOnceAsync();
        var present = new GrowingEngine(3, steps: 60) { Shape = 2 };
        await using RoostRuntime later = await BesideAsync(roost, present);

        await later.RunUntilIdleAsync();

        IReadOnlyList<SnapshotVersion> history = await later.ListHistoryAsync(id);
        SnapshotVersion firstOfNew = history.First(version => version.StateVersion == 2);
        firstOfNew.Added.Should().Be(firstOfNew.Size, "it is stored whole");
        foreach ((int version, string made) in old.Made.Where(each => each.Key < firstOfNew.Version).Concat(present.Made))
            (await later.GetSnapshotAsync(id, version)).Data.GetRawText().Should().Be(made);
        JsonNode.Parse(present.Made[firstOfNew.Version])!["migrated"]!.GetValue<int>().Should().Be(1);
    }

    [Test]
    public async Task A_small_state_is_stored_whole_in_each_version()
    {
        await using RoostRuntime roost = await OpenAsync(null, ScriptedEngine.CountingTo(30));
        string id = await roost.EnqueueAsync(new WorkItem("scripted"));

        await roost.RunUntilIdleAsync();

        (await roost.ListHistoryAsync(id)).Should().OnlyContain(version => version.Added == version.Size);
    }

    [Test]
    public async Task A_parent_and_whoever_waits_read_the_last_state_of_a_child_that_is_stored_as_a_difference()
    {
        var engine = new GrowingEngine(11, steps: 12);
        string? seen = null;
        var parent = new ParentEngine(async context =>
        {
            await foreach (Child<JsonNode> child in context.ChildrenAsync<JsonNode>()) seen = child.Data!.ToJsonString(RoostJson.Default);
        });
        await using RoostRuntime roost = await OpenAsync(null, engine, parent);
        string id = await roost.EnqueueAsync(new WorkItem("parent"));

        await roost.RunUntilIdleAsync();

        roost.StateOf(id).Should().Be(WorkState.Done);
        seen.Should().Be(engine.Made[13]);
    }

    [Test]
    public async Task A_snapshot_that_code_outside_of_the_runtime_keeps_stays_as_it_is()
    {
        var inner = new LargeEngine();
        var keeping = new KeepingEngine(inner);
        await using RoostRuntime roost = await OpenAsync(null, keeping);
        await roost.EnqueueAsync(new WorkItem("large"));

        await roost.RunUntilIdleAsync();

        keeping.Seen.Should().HaveCountGreaterThan(5);
        keeping.Seen.Should().AllSatisfy(seen => seen.Snapshot.Utf8.ToArray().Should().Equal(seen.Copy));
    }

    [Test]
    public async Task So_does_one_that_an_engine_keeps_which_only_looks_like_one_with_a_typed_state()
    {
        var recorder = new RecorderEngine(new LargeEngine());
        await using RoostRuntime roost = await OpenAsync(null, recorder);
        await roost.EnqueueAsync(new WorkItem("large"));

        await roost.RunUntilIdleAsync();

        recorder.Seen.Should().HaveCountGreaterThan(5);
        recorder.Seen.Should().AllSatisfy(seen => seen.Snapshot.Utf8.ToArray().Should().Equal(seen.Copy));
    }

    private static async Task MustHaveAsync(RoostRuntime roost, string id, GrowingEngine engine, IEnumerable<int> versions)
    {
        IReadOnlyList<SnapshotVersion> history = await roost.ListHistoryAsync(id);
        history.Select(version => version.Version).Should().Equal(versions);
        foreach (SnapshotVersion version in history)
        {
            Snapshot snapshot = await roost.GetSnapshotAsync(id, version.Version);
            snapshot.Data.GetRawText().Should().Be(engine.Made[version.Version], $"version {version.Version} is that");
            version.Size.Should().Be(snapshot.Utf8.Length);
        }
    }

    /// <summary>Has one child, and looks at it when that has ended.</summary>
    private sealed class ParentEngine(Func<StepContext, Task> look) : Engine<int>
    {
        public override string EngineId => "parent";

        protected override int Init(WorkItem item) => 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            if (state == 0)
            {
                context.AddChild(new WorkItem("growing"));
                return WaitForChildren(1);
            }
            await look(context);
            return Done(2);
        }
    }

    private sealed record Large(int Turn, string Text);

    /// <summary>States of a hundred kilobytes and more, in memory that is used again.</summary>
    private sealed class LargeEngine : Engine<Large>
    {
        public override string EngineId => "large";

        protected override Large Init(WorkItem item) => new(0, new string('a', 100_000));

        protected override Task<Outcome> StepAsync(Large state, StepContext context)
        {
            Large next = new(state.Turn + 1, new string((char)('a' + state.Turn % 26), 100_000));
            return Task.FromResult(next.Turn == 10 ? Done(next) : Continue(next));
        }
    }

    /// <summary>Has a typed state by its class alone: its interface is its own.</summary>
    private sealed class RecorderEngine(IEngine inner) : Engine<Large>, IEngine
    {
        public List<(Snapshot Snapshot, byte[] Copy)> Seen { get; } = [];

        public override string EngineId => inner.EngineId;

        protected override Task<Outcome> StepAsync(Large state, StepContext context) => throw new NotSupportedException();

        Task<Snapshot> IEngine.InitSnapshotAsync(WorkItem item, StepContext context) => inner.InitSnapshotAsync(item, context);

        Task<Outcome> IEngine.StepAsync(Snapshot snapshot, WorkItem item, StepContext context)
        {
            Seen.Add((snapshot, snapshot.Utf8.ToArray()));
            return inner.StepAsync(snapshot, item, context);
        }
    }

    /// <summary>Stands around another engine, and keeps each snapshot that passes.</summary>
    private sealed class KeepingEngine(IEngine inner) : IEngine
    {
        public List<(Snapshot Snapshot, byte[] Copy)> Seen { get; } = [];

        public string EngineId => inner.EngineId;

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) => inner.InitSnapshotAsync(item, context);

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context)
        {
            Seen.Add((snapshot, snapshot.Utf8.ToArray()));
            return inner.StepAsync(snapshot, item, context);
        }
    }
}
