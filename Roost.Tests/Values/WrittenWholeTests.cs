using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Payloads, raw states, events, artifacts and triggers' values are written whole, or refused by name with nothing written.</summary>
[TestFixture]
internal sealed class WrittenWholeTests
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    [JsonDerivedType(typeof(FetchCmd), "fetch")]
    [JsonDerivedType(typeof(WaitCmd), "wait")]
    internal abstract record Cmd;

    internal sealed record FetchCmd(string Url) : Cmd;

    internal sealed record WaitCmd(int Seconds) : Cmd;

    internal record Animal(string Name);

    internal sealed record Dog(string Name, string Breed) : Animal(Name);

    internal sealed class Fields
    {
        public int Count = 3;
    }

    internal enum Merging
    {
        FooBar,
        Foo_Bar,
    }

    internal sealed class Nest : List<Nest>;

    internal readonly record struct Kennel(Animal Animal);

    [JsonPolymorphic(UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FallBackToBaseType)]
    [JsonDerivedType(typeof(Known), "known")]
    internal class Falling
    {
        public string Name { get; set; } = "";
    }

    internal sealed class Known : Falling;

    internal sealed class Fallen : Falling
    {
        public int Depth { get; set; }
    }

    internal sealed record Budget(int TokenBudget);

    internal sealed class Branch
    {
        public Branch? Parent { get; set; }
        public List<Branch> Kids { get; set; } = [];

        public static Branch Tree(int levels, Branch? parent = null)
        {
            var branch = new Branch { Parent = parent };
            for (int i = 0; levels > 1 && i < 3; i++) branch.Kids.Add(Tree(levels - 1, branch));
            return branch;
        }
    }

    internal sealed record Pets(List<Animal> All);

    internal sealed record Merged(Merging Mode);

    internal sealed class Closed
    {
        public int Count { get; private set; }
    }

    internal sealed class GetOnly
    {
        public List<int> Items { get; } = [];
    }

    internal sealed class Secretive(int count)
    {
        public int Next() => count + 1;
    }

    [Test]
    public async Task A_payload_keeps_which_kind_it_is_though_it_is_given_as_an_object()
    {
        Cmd? seen = null;
        await using RoostRuntime roost = TestRuntime.Create(null, Artifacts.Once(context =>
        {
            seen = context.Item.PayloadAs<Cmd>();
            context.Item.PayloadAs<FetchCmd>().Url.Should().Be("u", "whoever knows the kind may ask for it");
            return Task.CompletedTask;
        }));
        Cmd given = new FetchCmd("u");
        string id = await roost.EnqueueAsync(new WorkItem("scripted", given));
        await roost.RunUntilDoneAsync(id);

        (await roost.GetAsync(id)).Payload.GetRawText().Should().Be("""{"$type":"fetch","url":"u"}""");
        seen.Should().Be(given);
    }

    [Test]
    public async Task A_raw_state_an_event_and_an_artifact_keep_which_kind_they_are()
    {
        Cmd read = null!;
        await using RoostRuntime roost = TestRuntime.Create(null, new RawEngine((snapshot, _, context) =>
        {
            read = snapshot.DataAs<Cmd>();
            context.AddEvent("command", read);
            context.AddArtifact("command.json", read);
            return Outcome.Done(snapshot.Next(new WaitCmd(5)));
        }, item => Snapshot.First(item, new FetchCmd("u"))));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.RunUntilDoneAsync(id);

        read.Should().Be(new FetchCmd("u"));
        (await roost.GetSnapshotAsync(id)).DataAs<Cmd>().Should().Be(new WaitCmd(5));
        (await roost.ListEventsAsync(id)).Items.Single(one => one.Kind == "engine.command").Data!.Value.GetProperty("$type").GetString().Should().Be("fetch");
        (await Artifacts.TextAsync(roost, id, "command.json")).Should().Contain("\"$type\": \"fetch\"");
    }

    [Test]
    public void A_kind_is_read_wherever_it_stands() =>
        WorkItem.FromJson("e", """{"url":"u","$type":"fetch"}""").PayloadAs<Cmd>().Should().Be(new FetchCmd("u"));

    [Test]
    public async Task Fields_and_tuples_are_written()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        string id = await roost.EnqueueAsync(
            new WorkItem(
                "e",
                new
                {
                    page = (Number: 1, Url: "u"),
                    list = new[] { (1, 2) },
                    fields = new Fields(),
                    at = new Vector2(1, 2),
                    big = BigInteger.Pow(10, 30),
                }
            )
        );

        (await roost.GetAsync(id)).Payload.GetRawText().Should().Be(
            """{"page":{"item1":1,"item2":"u"},"list":[{"item1":1,"item2":2}],"fields":{"count":3}""" +
            ""","at":{"x":1,"y":2},"big":"1000000000000000000000000000000"}""");
    }

    [Test]
    public async Task What_would_not_be_written_is_refused_by_its_field_and_nothing_is_written()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Json = Web }, null);
        Dictionary<string, long> before = FileAudit.Contents(roost.Path);

        await RefusedAsync(new { page = (1, "u") }, "Item1", "IncludeFields");
        await RefusedAsync(new Fields(), "Fields.Count", "IncludeFields");
        await RefusedAsync(new { at = new Vector2(1, 2) }, "at", "IncludeFields");
        await RefusedAsync(new Secretive(3), "Secretive", "no public member");
        await RefusedAsync(new { pets = new List<Animal> { new("a"), new Dog("rex", "collie") } }, "pets[1]", "Breed");
        await RefusedAsync(new { pet = (Animal)new Dog("rex", "collie") }, "pet", "JsonDerivedType");
        await RefusedAsync(new Dictionary<string, object> { ["command"] = new FetchCmd("u") }, "[command]", "declared as object");
        await RefusedAsync(new { queue = new PriorityQueue<string, int>([("a", 1)]) }, "queue", "UnorderedItems");
        await RefusedAsync(new { error = new InvalidOperationException("x") }, "error", "thrown");
        FileAudit.Contents(roost.Path).Should().Equal(before);

        async Task RefusedAsync(object payload, string member, string why)
        {
            InvalidInputException thrown = await Artifacts.ThrownByAsync<InvalidInputException>(() => roost.EnqueueAsync(new WorkItem("e", payload)));
            thrown.Field.Should().Be("Payload");
            thrown.Message.Should().Contain(member).And.Contain(why);
        }
    }

    private static IEnumerable<TestCaseData> NoData()
    {
        yield return new TestCaseData(new System.Text.RegularExpressions.Regex("a+"), "no data").SetArgDisplayNames("a pattern");
        yield return new TestCaseData(new System.Text.StringBuilder("abc"), "no data").SetArgDisplayNames("a text that grows");
        yield return new TestCaseData(new System.Collections.Specialized.NameValueCollection { ["a"] = "b" }, "keys alone").SetArgDisplayNames(
            "names and values"
        );
        yield return new TestCaseData(((string[])["a", "bb"]).ToLookup(text => text.Length), "without its keys").SetArgDisplayNames("a lookup");
        yield return new TestCaseData(new WeakReference(new object()), "no data").SetArgDisplayNames("a weak reference");
        yield return new TestCaseData(new Nest(), "nothing but itself").SetArgDisplayNames("a tree of another library's");
        yield return new TestCaseData(((int[])[1]).Select(_ => (Animal)new Dog("rex", "collie")), "Breed").SetArgDisplayNames("kinds in a sequence");
        yield return new TestCaseData(new Stack<Animal>([new Dog("rex", "collie")]), "Breed").SetArgDisplayNames("kinds on a stack");
        yield return new TestCaseData((Kennel?)new Kennel(new Dog("rex", "collie")), "Breed").SetArgDisplayNames("kinds in a struct that may be null");
        yield return new TestCaseData(new Fallen { Name = "a", Depth = 3 }, "Depth").SetArgDisplayNames("a kind that falls back to its base");
    }

    [TestCaseSource(nameof(NoData))]
    public async Task What_JSON_would_keep_a_part_of_is_refused_by_its_member(object value, string why)
    {
        await using RoostRuntime roost = TestRuntime.Create(null);

        InvalidInputException thrown = await Artifacts.ThrownByAsync<InvalidInputException>(() =>
            roost.EnqueueAsync(
                new WorkItem(
                    "e",
                    value is Fallen fallen ? new { it = (Falling)fallen }
                        : value is Kennel kennel ? new { it = (Kennel?)kennel }
                        : new { it = value }
                )
            )
        );

        thrown.Message.Should().Contain("it").And.Contain(why);
    }

    [Test]
    public async Task A_payload_that_leads_back_to_itself_is_written_once()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Json = new(Web) { ReferenceHandler = ReferenceHandler.IgnoreCycles } }, null);

        string id = await roost.EnqueueAsync(new WorkItem("e", Branch.Tree(4))).Soon();

        (await roost.GetAsync(id)).Payload.GetProperty("kids").GetArrayLength().Should().Be(3);
    }

    [Test]
    public async Task A_payload_is_read_under_any_spelling_of_its_members_and_as_any_object()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, Artifacts.Once(context =>
        {
            context.Item.PayloadAs<Budget>().Should().Be(new Budget(7));
            context.Item.PayloadAs<object>().Should().BeOfType<JsonElement>();
            return Task.CompletedTask;
        }));
        foreach (string json in (string[])["""{"tokenBudget":7}""", """{"TokenBudget":7}""", """{"token_budget":7}""", """{"token-budget":7}"""])
            (await roost.RunUntilDoneAsync(await roost.EnqueueAsync(WorkItem.FromJson("scripted", json)))).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task Half_of_a_character_is_refused_whatever_the_settings_escape()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Json = Web }, null);

        (
            await Artifacts.ThrownByAsync<InvalidInputException>(() =>
                roost.EnqueueAsync(new WorkItem("e", new { texts = new Dictionary<string, string> { ["a"] = "b\ud800c" } }))
            )
        )
            .Message.Should()
            .Contain("$.texts.a");
        string id = await roost.EnqueueAsync(new WorkItem("e", new { text = "b\ufffdc" }));
        (await roost.GetAsync(id)).Payload.GetProperty("text").GetString().Should().Be("b\ufffdc");
    }

    [Test]
    public async Task Two_names_that_would_be_written_alike_are_refused()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);

        (await Artifacts.ThrownByAsync<InvalidInputException>(() => roost.EnqueueAsync(new WorkItem("e", new { mode = Merging.FooBar }))))
            .Message.Should()
            .Contain("mode")
            .And.Contain("Foo_Bar");
    }

    [Test]
    public async Task A_kind_that_nobody_names_is_refused_in_each_payload_and_not_in_the_first_alone()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        for (int i = 0; i < 40; i++) await roost.EnqueueAsync(new WorkItem("e", new Pets([new("a")])));

        for (int i = 0; i < 3; i++)
            (await Artifacts.ThrownByAsync<InvalidInputException>(() => roost.EnqueueAsync(new WorkItem("e", new Pets([new("a"), new Dog("rex", "collie")])))))
                .Message.Should()
                .Contain("Breed");
    }

    [TestCase("""{"count":3}""", "Closed.Count", "private", typeof(Closed))]
    [TestCase("""{"items":[3]}""", "GetOnly.Items", "no setter", typeof(GetOnly))]
    [TestCase("""{"mode":"foo_bar"}""", "Mode", "Foo_Bar", typeof(Merged))]
    public async Task A_payload_is_not_read_as_a_type_that_would_leave_something_out(string json, string member, string why, Type type)
    {
        await using RoostRuntime roost = TestRuntime.Create(null, new RawEngine((snapshot, item, context) =>
        {
            FluentActions.Invoking(() => Read(snapshot, type, "DataAs")).Should().Throw<InvalidInputException>().WithMessage($"state:*{member}*{why}*");
            FluentActions.Invoking(() => Read(item, type, "PayloadAs")).Should().Throw<InvalidInputException>().WithMessage($"payload:*{member}*{why}*");
            item.PayloadAs<Dictionary<string, object>>().Should().HaveCount(1, "whoever asks for objects gets JSON and knows it");
            return Outcome.Done(snapshot.Next(null));
        }, item => Snapshot.First(item, item.Payload)));
        string id = await roost.EnqueueAsync(WorkItem.FromJson("raw", json));
        await roost.RunUntilIdleAsync();

        (await roost.GetAsync(id)).LastFailure?.Message.Should().BeNull();

        static void Read(object from, Type type, string method)
        {
            try
            {
                from.GetType().GetMethod(method, Type.EmptyTypes)!.MakeGenericMethod(type).Invoke(from, null);
            }
            catch (System.Reflection.TargetInvocationException e)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException!);
            }
        }
    }

    [Test]
    public async Task A_step_learns_it_of_states_events_and_artifacts_too()
    {
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { Json = Web, MaxAttempts = 1 }, null, new RawEngine((snapshot, _, context) =>
        {
            FluentActions.Invoking(() => context.AddEvent("e", new Fields())).Should().Throw<InvalidInputException>().Which.Field.Should().Be("data");
            FluentActions.Invoking(() => context.AddArtifact("a.json", new Fields())).Should().Throw<InvalidInputException>().Which.Field.Should().Be("value");
            FluentActions.Invoking(() => context.AddArtifactText("a.txt", "", new() { Metadata = new Fields() }))
                .Should().Throw<InvalidInputException>().Which.Field.Should().Be("Metadata");
            FluentActions.Invoking(() => context.AddChild(new WorkItem("e", new Fields())))
                .Should().Throw<InvalidInputException>().Which.Field.Should().Be("Payload");
            FluentActions.Invoking(() => snapshot.Next(new Fields())).Should().Throw<InvalidInputException>().Which.Field.Should().Be("state");
            return Outcome.Done(snapshot.Next(null));
        }));
        string id = await roost.EnqueueAsync(new WorkItem("raw"));
        await roost.RunUntilIdleAsync();

        WorkDetail item = await roost.GetAsync(id);
        item.LastFailure?.Message.Should().BeNull();
        item.Summary.State.Should().Be(WorkState.Done);
        FluentActions
            .Invoking(() =>
                TestRuntime.Create(
                    new RoostOptions { Json = Web, Triggers = [new("a", "b") { Values = new Dictionary<string, object?> { ["x"] = new Fields() } }] },
                    null
                )
            )
            .Should()
            .Throw<InvalidInputException>()
            .Which.Field.Should()
            .Be("Triggers[0].Values.x");
    }

    [Test]
    public async Task What_has_no_data_is_an_empty_object()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        string id = await roost.EnqueueAsync(new WorkItem("e", new object()));

        (await roost.GetAsync(id)).Payload.GetRawText().Should().Be("{}");
    }
}
