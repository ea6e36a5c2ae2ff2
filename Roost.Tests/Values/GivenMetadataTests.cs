using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Tests;

/// <summary>A value that is given with its metadata is written and read by that, whatever the runtime's settings say.</summary>
[TestFixture]
internal sealed partial class GivenMetadataTests
{
    internal sealed record Job(int MostPages, string? Note = null);

    internal sealed record Tally(int PagesRead);

    internal sealed class GetOnly
    {
        public List<int> Items { get; } = [];
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
    [JsonSerializable(typeof(GetOnly))]
    [JsonSerializable(typeof(Job))]
    [JsonSerializable(typeof(JsonObject))]
    [JsonSerializable(typeof(Tally))]
    internal sealed partial class CamelJson : JsonSerializerContext;

    private sealed class TallyEngine : IEngine
    {
        public string EngineId => "tally";

        public Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context) =>
            Task.FromResult(Snapshot.First(item, new Tally(1), CamelJson.Default.Tally, "begin"));

        public Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context)
        {
            Tally state = snapshot.DataAs(CamelJson.Default.Tally);
            context.AddEvent("read", item.PayloadAs(CamelJson.Default.Job), CamelJson.Default.Job);
            context.AddArtifact(
                "tally.json",
                state,
                CamelJson.Default.Tally,
                new ArtifactInfo().WithMetadata(new JsonObject { ["by"] = "tally" }, CamelJson.Default.JsonObject)
            );
            Snapshot next = snapshot.Next(new Tally(state.PagesRead + 1), CamelJson.Default.Tally, "read");
            return Task.FromResult(Outcome.Done(next.Migrated(new Tally(state.PagesRead + 2), CamelJson.Default.Tally)));
        }
    }

    [Test]
    public async Task It_is_stored_by_the_names_of_its_context()
    {
        await using RoostRuntime roost = RoostRuntime.CreateTemporary().AddEngine(new TallyEngine());
        string id = await roost.EnqueueAsync(WorkItem.From("tally", new Job(3), CamelJson.Default.Job));

        await roost.RunUntilIdleAsync();

        WorkDetail item = await roost.GetAsync(id);
        item.Payload.GetRawText().Should().Be("""{"mostPages":3,"note":null}""");
        item.Snapshot!.Data.GetRawText().Should().Be("""{"pagesRead":3}""");
        item.Snapshot.Step.Should().Be("read");
        item.Snapshot.DataAs(CamelJson.Default.Tally).Should().Be(new Tally(3));
        item.Snapshot.DataAs<Tally>().Should().Be(new Tally(3), "another spelling of its names is found");
        (await roost.ListEventsAsync(id)).Items.Single(one => one.Kind == "engine.read").Data!.Value.GetProperty("mostPages").GetInt32().Should().Be(3);
        System
            .Text.Encoding.UTF8.GetString(await roost.ReadArtifactAsync(id, "tally.json"))
            .ReplaceLineEndings("\n")
            .Should()
            .Be("{\n  \"pagesRead\": 1\n}", "JSON for people is indented");
        item.Artifacts.Single().Metadata!.Value.GetRawText().Should().Be("""{"by":"tally"}""");
    }

    [Test]
    public async Task A_trigger_has_it_among_its_values()
    {
        Trigger trigger = new Trigger("tally", "after") { Values = new Dictionary<string, object?> { ["note"] = "first" } }.WithValue(
            "job",
            new Job(7),
            CamelJson.Default.Job
        );
        await using RoostRuntime roost = RoostRuntime.CreateTemporary(new RoostOptions { Triggers = [trigger] }).AddEngine(new TallyEngine());
        await roost.EnqueueAsync(WorkItem.From("tally", new Job(3), CamelJson.Default.Job));

        await roost.RunUntilIdleAsync();

        WorkSummary after = (await roost.ListAsync(new() { Engine = "after" })).Items.Single();
        JsonElement payload = (await roost.GetAsync(after.Id)).Payload;
        payload.GetProperty("job").GetProperty("mostPages").GetInt32().Should().Be(7);
        payload.GetProperty("note").GetString().Should().Be("first");
    }

    [Test]
    public async Task Settings_that_know_only_the_hosts_types_write_plain_values_and_JSON_as_well()
    {
        var json = new JsonSerializerOptions(RoostJson.Default) { TypeInfoResolver = CamelJson.Default };
        var trigger = new Trigger("a", "b") { Values = new Dictionary<string, object?> { ["text"] = "x", ["number"] = 1, ["flag"] = true } };
        await using RoostRuntime roost = RoostRuntime.CreateTemporary(new RoostOptions { Json = json, Triggers = [trigger] });

        string id = await roost.EnqueueAsync(new WorkItem("a", new Dictionary<string, string> { ["key"] = "value" }));

        (await roost.GetAsync(id)).Payload.GetRawText().Should().Be("""{"key":"value"}""");
        await roost.Invoking(it => it.EnqueueAsync(new WorkItem("a", new { Unknown = 1 }))).Should().ThrowAsync<InvalidInputException>();
    }

    [Test]
    public void What_would_not_come_back_is_refused_by_it_too() =>
        WorkItem
            .FromJson("tally", """{"items":[1]}""")
            .Invoking(it => it.PayloadAs(CamelJson.Default.GetOnly))
            .Should()
            .Throw<InvalidInputException>()
            .WithMessage("*GetOnly.Items*");

    [Test]
    public void Metadata_of_an_artifact_must_be_an_object() =>
        new ArtifactInfo()
            .Invoking(it => it.WithMetadata("text", (JsonTypeInfo<string>)RoostJson.Default.GetTypeInfo(typeof(string))))
            .Should()
            .Throw<InvalidInputException>()
            .WithMessage("metadata*");

    [Test]
    public void None_is_refused_and_a_step_of_null_is_no_metadata()
    {
        ((Func<WorkItem>)(() => WorkItem.From("tally", new Job(1), null!))).Should().Throw<ArgumentNullException>();
        Snapshot first = Snapshot.First(new WorkItem("tally") { Id = "w1" }, new Tally(1), "begin");
        first.Next(new Tally(2), null).Step.Should().Be("begin");
    }
}
