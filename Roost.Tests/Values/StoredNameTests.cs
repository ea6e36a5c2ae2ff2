using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>
/// A state is read by the settings that it was stored by; where those are not known, by any spelling of its names. Never by a silent default.
/// </summary>
[TestFixture]
internal sealed partial class StoredNameTests
{
    internal sealed record Budget(int TokenBudget, List<Use> Uses, Dictionary<string, Use> ByModel);

    internal sealed record Use(string ModelName, int TokensUsed);

    [JsonSerializable(typeof(Budget))]
    internal sealed partial class BudgetContext : JsonSerializerContext;

    private static readonly Budget Given = new(7, [new("a", 1), new("b", 2)], new() { ["ModelName"] = new("c", 3) });

    private sealed class BudgetEngine(JsonTypeInfo<Budget> type) : Engine<Budget>(type)
    {
        public override string EngineId => "budget";

        protected override Budget Init(WorkItem item) => Given;

        protected override Task<Outcome> StepAsync(Budget state, StepContext context) =>
            Task.FromResult(context.Item.Payload.TryGetProperty("fail", out _) ? Fail(state, "no") : Done(state));
    }

    [Test]
    public async Task The_runtime_that_has_the_engine_reads_by_its_settings()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, new BudgetEngine(BudgetContext.Default.Budget));
        string id = await roost.EnqueueAsync(new WorkItem("budget")), failed = await roost.EnqueueAsync(new WorkItem("budget", new { fail = true }));
        await roost.RunUntilIdleAsync();

        WorkDetail item = await roost.GetAsync(id);
        item.Snapshot!.Data.GetProperty("TokenBudget").GetInt32().Should().Be(7, "it is stored by the engine's own names");
        foreach (
            Snapshot snapshot in (Snapshot[])
                [
                    item.Snapshot,
                    await roost.GetSnapshotAsync(id),
                    await roost.GetSnapshotAsync(id, 1),
                    (await roost.GetAsync(failed)).Snapshot!,
                    (await roost.GetDeadLetterAsync(failed)).Snapshot!,
                ]
        )
            snapshot.DataAs<Budget>().Should().BeEquivalentTo(Given);
        item.Snapshot.DataAs<Dictionary<string, JsonElement>>()
            .Keys.Should()
            .Contain("TokenBudget", "a type that the engine's settings do not know is read by the runtime's");
    }

    [Test]
    public async Task A_reader_that_does_not_know_the_engine_finds_the_names_all_the_same()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, new BudgetEngine(BudgetContext.Default.Budget));
        string id = await roost.EnqueueAsync(new WorkItem("budget"));
        await roost.RunUntilDoneAsync(id);

        await using RoostRuntime reader = TestRuntime.Beside(roost),
            other = new(roost.Options with { Path = roost.Path, Json = new(JsonSerializerDefaults.Web) });
        foreach (RoostRuntime each in (RoostRuntime[])[reader, other])
        {
            (await each.GetSnapshotAsync(id)).DataAs<Budget>().Should().BeEquivalentTo(Given);
            (await each.GetAsync(id)).Snapshot!.DataAs<Budget>().ByModel.Should().ContainKey("ModelName", "a key is nobody's name for a member");
        }
    }

    [JsonDerivedType(typeof(Shallow), "shallow")]
    [JsonDerivedType(typeof(Deeper), 2)]
    internal abstract record Deep(int TokenBudget);

    internal sealed record Shallow(int TokenBudget) : Deep(TokenBudget);

    internal sealed record Deeper(int TokenBudget, int MaxRetries, List<Deep> MoreOfThem) : Deep(TokenBudget);

    [Test]
    public async Task A_reader_finds_the_names_of_a_kind_too()
    {
        Deep given = new Deeper(7, 5, [new Shallow(3), new Deeper(4, 6, [])]);
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions { Json = new() },
            null,
            new RawEngine((snapshot, _, _) => Outcome.Done(snapshot.Next(given)))
        );
        string id = await roost.EnqueueAsync(new WorkItem("raw", new { deep = given }));
        await roost.RunUntilDoneAsync(id);
        await using RoostRuntime reader = new(roost.Options with { Path = roost.Path, Json = RoostJson.Default });

        (await reader.GetSnapshotAsync(id)).DataAs<Deep>().Should().BeEquivalentTo(given, options => options.RespectingRuntimeTypes());
    }

    [TestCase("snapshot.data.token_budget")]
    [TestCase("snapshot.data.TokenBudget")]
    [TestCase("snapshot.data.tokenBudget")]
    public async Task A_triggers_path_finds_it_by_either_name(string path)
    {
        await using RoostRuntime roost = TestRuntime.Create(
            new RoostOptions
            {
                Triggers =
                [
                    new("budget", "after")
                    {
                        If = path,
                        Fields = new Dictionary<string, string> { ["budget"] = path, ["used"] = "snapshot.data.uses.1.tokens_used" },
                    },
                ],
            },
            null,
            new BudgetEngine(BudgetContext.Default.Budget)
        );
        await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("budget")));

        WorkSummary after = (await roost.ListAsync(new() { Engine = "after" })).Items.Should().ContainSingle().Which;
        (await roost.GetAsync(after.Id)).Payload.GetRawText().Should().Be("""{"budget":7,"used":2}""");
    }

    [Test]
    public async Task What_is_called_exactly_as_asked_goes_first_and_two_others_are_none()
    {
        var state = new Dictionary<string, int> { ["AB"] = 1, ["a_b"] = 2, ["CD"] = 3, ["cD"] = 4 };
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions
        {
            Triggers = [new("raw", "after") { Fields = new Dictionary<string, string> { ["exact"] = "snapshot.data.a_b", ["none"] = "snapshot.data.c_d" } }],
        }, null, new RawEngine((snapshot, _, _) => Outcome.Done(snapshot.Next(state))));
        await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("raw")));

        WorkSummary after = (await roost.ListAsync(new() { Engine = "after" })).Items.Should().ContainSingle().Which;
        (await roost.GetAsync(after.Id)).Payload.GetRawText().Should().Be("""{"exact":2}""");
    }

    [Test]
    public async Task A_program_without_reflection_steps_reads_and_follows_up()
    {
        using var folder = new TemporaryFolder();
        await using var program = ChildProcess.Start("no-reflection", folder["roost.db"]);

        IReadOnlyList<string> lines = await program.StopAsync();

        lines.Should().Equal(["reflection False", "Done Tally { Count = 3, Target = 3 } 1 1 0 3", """json {"a":1}""", "refused Payload"], program.Errors);
    }
}
