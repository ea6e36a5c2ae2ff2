using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Roost.Observing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The gauges are of the files that are open, and cost nothing while nobody asks.</summary>
[TestFixture, NonParallelizable]
internal sealed class TelemetryMeterTests : FolderFixture
{
    private readonly List<(string Instrument, long Value, Dictionary<string, object?> Tags)> seen = [];
    private MeterListener listener = null!;

    [SetUp]
    public void Listen()
    {
        seen.Clear();
        listener = new()
        {
            InstrumentPublished = static (instrument, it) =>
            {
                if (instrument.Meter.Name == "Roost") it.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (seen) seen.Add((instrument.Name, value, new(tags.ToArray())));
        });
        listener.Start();
    }

    [TearDown]
    public void StopListening() => listener.Dispose();

    [Test]
    public async Task Depth_is_told_by_file_engine_and_condition_once_for_each_file()
    {
        await using var one = new RoostRuntime(folder["one.db"]);
        await using var again = new RoostRuntime(folder["one.db"]);
        Directory.CreateDirectory(folder["other"]);
        await using var other = new RoostRuntime(Path.Combine(folder["other"], "one.db"));
        await one.EnqueueAsync([new WorkItem("first"), new WorkItem("first") { Queue = "q" }, new WorkItem("first") { Delay = TimeSpan.FromHours(1) }]);
        await other.EnqueueAsync(new WorkItem("second"));

        (string, string, string, long)[] items = Gauges("roost.items", "roost.engine", "roost.condition");

        items.Where(item => item.Item4 > 0).Should().BeEquivalentTo(new[]
        {
            ("one.db", "first", "ready", 2L), ("one.db", "first", "delayed", 1L), (other.Path, "second", "ready", 1L),
        });
        Gauges("roost.log.size").Should().HaveCount(2).And.OnlyContain(log => log.Item4 > 0);
    }

    [Test]
    public async Task What_is_rolled_back_is_not_counted_and_what_lands_is_counted_once()
    {
        await using var roost = new RoostRuntime(folder["roost.db"]);
        await roost.EnqueueAsync(new WorkItem("first") { Id = "taken" });
        seen.Clear();

        Task landing = roost.EnqueueAsync(new WorkItem("first") { Id = "new" });
        await FluentActions.Invoking(() => roost.EnqueueAsync([new WorkItem("second"), new WorkItem("first") { Id = "taken" }])).Should()
            .ThrowAsync<ConflictException>();
        await landing;

        lock (seen)
            seen.Where(each => each.Instrument == "roost.enqueued").Select(each => (each.Value, each.Tags["roost.engine"])).Should().Equal((1, "first"));
    }

    [Test]
    public async Task A_file_that_is_closed_or_gone_is_left_out()
    {
        var roost = new RoostRuntime(folder["roost.db"]);
        await roost.EnqueueAsync(new WorkItem("first"));
        await roost.DisposeAsync();

        Gauges("roost.items", "roost.engine", "roost.condition").Should().BeEmpty();
        Gauges("roost.log.size").Should().BeEmpty();
    }

    [Test]
    public void The_gauges_keep_nothing_alive_that_is_forgotten()
    {
        WeakReference file = Forgotten();
        for (int i = 0; i < 10 && file.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        file.IsAlive.Should().BeFalse();
        Gauges("roost.log.size").Should().BeEmpty();
    }

    private sealed class EmptyFile() : ObservedFile("forgotten.db")
    {
        public override IReadOnlyList<(string Engine, string Condition, long Items)> CountItems() => [];

        public override long LogSize() => 1;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Forgotten()
    {
        var file = new EmptyFile();
        OpenFiles.Add(file);
        return new(file);
    }

    private (string File, string, string, long Value)[] Gauges(string instrument, string? first = null, string? second = null)
    {
        lock (seen) seen.Clear();
        listener.RecordObservableInstruments();
        lock (seen)
            return [.. seen.Where(each => each.Instrument == instrument)
                .Select(each => ((string)each.Tags["roost.file"]!, Tag(each.Tags, first), Tag(each.Tags, second), each.Value))];
    }

    private static string Tag(Dictionary<string, object?> tags, string? name) => name is null ? "" : (string)tags[name]!;
}
