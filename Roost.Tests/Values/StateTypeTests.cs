using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Drawing;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>States of the types that strangers write: each comes back equal after a restart, or is refused by its member's name. Nothing in between.</summary>
[TestFixture]
internal sealed partial class StateTypeTests
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    private static IEnumerable<TestCaseData> Kept()
    {
        yield return Keeps("a record", new Page(3, "https://example.com"));
        yield return Keeps("a record struct", new Spot(1, 2));
        yield return Keeps("a number", 7);
        yield return Keeps("a text", "seven");
        yield return Keeps("a state without data", new Empty(), same: (one, other) => one.Equals(other));
        yield return Keeps("public fields", new Fields { Count = 3, Name = "n" });
        yield return Keeps("a tuple", (Page: 4, Url: "u"));
        yield return Keeps("a list of tuples", new Pages([(1, "a"), (2, "b")]));
        yield return Keeps("a long tuple", new Box<(int, int, int, int, int, int, int, int, string)>((1, 2, 3, 4, 5, 6, 7, 8, "nine")));
        yield return Keeps("an old tuple", new Box<Tuple<int, string>>(Tuple.Create(1, "a")));
        yield return Keeps("a pair", new Box<KeyValuePair<string, int>>(new("a", 1)));
        yield return Keeps("a vector", new Box<Vector3>(new(1, 2, 3)));
        yield return Keeps("a matrix", new Box<Matrix3x2>(new(1, 2, 3, 4, 5, 6)));
        yield return Keeps("a rectangle", new Box<Rectangle>(new(1, 2, 3, 4)));
        yield return Keeps("a large number", new Box<BigInteger>(BigInteger.Pow(7, 100)));
        yield return Keeps("keys that are large numbers", new Box<Dictionary<BigInteger, int>>(new() { [BigInteger.Pow(-7, 99)] = 1 }));
        yield return Keeps("a stack", new Box<Stack<int>>(new([1, 2, 3])));
        yield return Keeps("a concurrent stack", new Box<ConcurrentStack<string>>(new(["a", "b"])));
        yield return Keeps("an immutable stack", new Box<ImmutableStack<int>>(ImmutableStack.Create(1, 2, 3)));
        yield return Keeps("an immutable stack by its interface", new Box<IImmutableStack<int>>(ImmutableStack.Create(1, 2, 3)));
        yield return Keeps("a stack of tuples", new Box<Stack<(int, string)>>(new([(1, "a"), (2, "b")])));
        yield return Keeps("a queue", new Box<Queue<int>>(new([1, 2, 3])));
        yield return Keeps("a linked list", new Box<LinkedList<int>>(new([1, 2, 3])));
        yield return Keeps("a list with room", new Box<List<int>>(new(100) { 1, 2 }));
        yield return Keeps("an array of arrays", new Box<int[][]>([[1], [2, 3]]));
        yield return Keeps("bytes", new Box<byte[]>([1, 2, 255]));
        yield return Keeps("a set", new Box<HashSet<string>>(["a", "b"]));
        yield return Keeps("a set that compares by the letter", new Box<HashSet<string>>(new(["a", "A"], StringComparer.Ordinal)));
        yield return Keeps("a read-only list", new Box<IReadOnlyList<int>>([1, 2]));
        yield return Keeps("a read-only dictionary's interface", new Box<IReadOnlyDictionary<string, int>>(new Dictionary<string, int> { ["a"] = 1 }));
        yield return Keeps(
            "immutable collections",
            new Box<ImmutableList<ImmutableDictionary<string, ImmutableArray<int>>>>(
                [ImmutableDictionary<string, ImmutableArray<int>>.Empty.Add("a", [1, 2])]));
        yield return Keeps("keys of many kinds", new Keys(
            new() { [Guid.NewGuid()] = 1 },
            new() { [-5] = 1 },
            new() { [Colour.DarkRed] = 1 },
            new() { [new DateOnly(2026, 1, 2)] = 1 }));
        yield return Keeps("keys of any text", new Box<Dictionary<string, int>>(
            new() { ["fooBar"] = 1, ["FooBar"] = 2, ["foo_bar"] = 3, [""] = 4, ["a.b[0]"] = 5 }));
        yield return Keeps("times", new Times(
            new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddTicks(7),
            new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Unspecified),
            DateTime.Now,
            new(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(-3.5)),
            new(2026, 1, 2),
            new(3, 4, 5, 6, 7),
            TimeSpan.FromTicks(-123456789012345)));
        yield return Keeps("numbers", new Numbers(
            double.MaxValue, double.Epsilon, float.MinValue, 1.10m, decimal.MaxValue, long.MinValue, ulong.MaxValue, Int128.MinValue,
            System.Half.Epsilon, 'ü', -0.0));
        yield return Keeps("null and not", new Nullables(null, null, null, 0, "", Spot.Origin));
        yield return Keeps("an id, an address, a version", new Others(Guid.NewGuid(), new Uri("https://example.com/a?b=c"), new Version(1, 2, 3, 4)));
        yield return Keeps("computed members", new Computed(["a", "b"]) { Summary = "s" });
        yield return Keeps("a computed time", new Ages(new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc)), same: (one, other) => one.Born == other.Born);
        yield return Keeps("a cache in a private field", Cached.Warm());
        yield return Keeps("a cache that may be null", Lazily.Warm(), same: (one, other) => one.First == other.First);
        yield return Keeps("a full member over a field of another name", new Renamed { Count = 3 });
        yield return Keeps(
            "a tree with back references",
            Node.Tree(3, new Animal("a")),
            same: (one, other) => other.Kids[0].Kids[0].Parent!.Parent == other,
            json: new(Web) { ReferenceHandler = ReferenceHandler.Preserve, MaxDepth = 64 }
        );
        yield return Keeps("the real replacement character", new Page(3, "a\ufffdb"), json: Web);
        yield return Keeps("a cache that a member fills", Cached.Warm(), same: (one, other) => one.Upper == other.Upper && one.Name == other.Name);
        yield return Keeps(
            "collections by their interfaces",
            new Interfaces(new HashSet<int> { 1 }, new List<int> { 1 }, new Dictionary<string, int> { ["a"] = 1 }, new SortedSet<int> { 1 })
        );
        yield return Keeps(
            "members that are not to be kept",
            new Ignoring(1)
            {
                Client = new(),
                Note = "not kept",
                Hidden = 5,
                field = 6,
            },
            same: (one, other) => one.Count == other.Count && other.Client is null
        );
        yield return Keeps("a constant member", new Constant { Count = 2 });
        yield return Keeps("an init-only member", new InitOnly { Count = 5 });
        yield return Keeps("a private setter that is included", Included.With(5), same: (one, other) => one.Count == other.Count);
        yield return Keeps("get-only members that the constructor takes", new Taken(5, ["a"]));
        yield return Keeps("a constructor that is chosen", new Chosen(3), same: (one, other) => one.Count == other.Count);
        yield return Keeps("a collection that is filled", Filled.With("a", "b"), same: (one, other) => one.Items.SequenceEqual(other.Items));
        yield return Keeps("a dictionary that ignores case and is filled", FilledIgnoringCase.With("A"), same: (one, other) =>
            other.Items.ContainsKey("a") && one.Items.Count == other.Items.Count
        );
        yield return Keeps(
            "members for the rest",
            new Extended
            {
                Count = 1,
                Rest = new() { ["more"] = JsonElement.Parse("[1,2]") },
            },
            same: (one, other) => one.Count == other.Count && other.Rest!["more"].GetRawText() == "[1,2]"
        );
        yield return Keeps("JSON members", new JsonParts(JsonElement.Parse("""{"a":[1,2.50]}"""), new JsonObject { ["b"] = 1 }), same: (one, other) =>
            JsonElement.DeepEquals(one.Element, other.Element) && JsonNode.DeepEquals(one.Node, other.Node)
        );
        yield return Keeps("a JSON state", JsonElement.Parse("""{"A":1}"""), same: JsonElement.DeepEquals);
        yield return Keeps("an abstract type that names its kinds", new Plan([new Fetch("u"), new Wait(3)]));
        yield return Keeps("an interface that names its kinds", new Box<IShape>(new Circle(2)));
        yield return Keeps("a state that is a kind", new Fetch("u"));
        yield return Keeps("a state that is a base", (Cmd)new Fetch("u"));
        yield return Keeps("an enum", new Box<Colour>(Colour.DarkRed));
        yield return Keeps("flags", new Box<Rights>(Rights.Read | Rights.Write));
        yield return Keeps("an enum whose names are given", new Box<Named>(Named.Foo_Bar));
        yield return Keeps("an enum's number without a name", new Box<Colour>((Colour)77));
        yield return Keeps("a converter of its own", new Box<Money>(new Money(12.5m, "EUR")), same: (one, other) =>
            one.Value.Amount == other.Value.Amount && one.Value.Currency == other.Value.Currency
        );
        yield return Keeps("a tree", new Tree("a", [new("b", []), new("c", [new("d", [])])]));
        yield return Keeps("a generic type of itself", new Box<Box<Box<int>>>(new(new(5))));
        yield return Keeps("a default that is not the type's", new Defaults { Retries = 0, Name = null });
        yield return Keeps("a lock and a logger that are not kept", new Locked { Count = 1 }, same: (one, other) => one.Count == other.Count);
        yield return Keeps("web settings", new Page(3, "u"), json: Web);
        yield return Keeps("fields under web settings that take them", new Fields { Count = 3, Name = "n" }, json: new(Web) { IncludeFields = true });
        yield return Keeps("generated metadata", new Budget(7, "x"), metadata: StateContext.Default.Budget);
    }

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return Refuses("fields under web settings", new Fields { Count = 3 }, "Fields.Count", "IncludeFields", json: Web);
        yield return Refuses("a tuple under web settings", (Page: 4, Url: "u"), "(Int32, String)", "framework|data", json: Web);
        yield return Refuses("a vector under web settings", new Box<Vector3>(new(1, 2, 3)), "Value", "Vector3", json: Web);
        yield return Refuses("a stack under web settings", new Box<Stack<int>>(new([1, 2])), "Value", "turned over", json: Web);
        yield return Refuses("a large number under web settings", new Box<BigInteger>(5), "Value", "BigInteger", json: Web);
        yield return Refuses(
            "fields that generated metadata leaves out",
            new Fields { Count = 3 },
            "Fields.Count",
            "JsonSourceGenerationOptions",
            metadata: StateContext.Default.Fields
        );
        yield return Refuses("a private setter", new PrivateSet(), "PrivateSet.Count", "private");
        yield return Refuses(
            "a private setter with generated metadata",
            new PrivateSet(),
            "PrivateSet.Count",
            "private",
            metadata: StateContext.Default.PrivateSet
        );
        yield return Refuses("an internal setter", new InternalSet { Count = 3 }, "InternalSet.Count", "internal");
        yield return Refuses("an internal member", new InternalMember { Count = 3 }, "InternalMember.Count", "internal");
        yield return Refuses("a list that has no setter", new GetOnlyList(), "GetOnlyList.Items", "no setter");
        yield return Refuses("a get-only member of another constructor", new TwoConstructors(3), "TwoConstructors.Count", "constructor");
        yield return Refuses("private data alone", new Secretive(), "Secretive", "no member");
        yield return Refuses("a computed member of private data", Counting.At(3), "Counting", "no member");
        yield return Refuses("a computed member of private data beside another", Half.At(3), "Half.Count", "it is 3 and comes back as 0");
        yield return Refuses("a list that a private field holds", Listing.With(3), "Listing.Items", "1 elements and comes back with 0");
        yield return Refuses("a computed member of private data by another name", Misnamed.At(3), "Misnamed.Count", "comes back");
        yield return Refuses(
            "a constructor that takes another type",
            new Retyped([1]),
            "Retyped.Items",
            "takes a List<Int32> of its name where the member is an IReadOnlyList<Int32>"
        );
        yield return Refuses("a sorted set by its interface", new Box<ISet<int>>(new SortedSet<int> { 2, 1 }), "Value", "sorted");
        yield return Refuses(
            "a sorted dictionary by its interface",
            new Box<IReadOnlyDictionary<string, int>>(new SortedDictionary<string, int> { ["a"] = 1 }),
            "Value",
            "sorted"
        );
        yield return Refuses("a set that is only a collection", new Box<ICollection<int>>(new HashSet<int> { 1 }), "Value", "takes the same element twice");
        yield return Refuses(
            "a dictionary that ignores case by its interface",
            new Box<IDictionary<string, int>>(new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["A"] = 1 }),
            "Value",
            "compare"
        );
        yield return Refuses("keys that are tuples", new Box<Dictionary<(int, int), string>>([]), "Value", "cannot be a key");
        yield return Refuses("a computed delegate", new Delegating(1), "Delegating.Next", "Func<Int32> cannot be");
        yield return Refuses("a computed type", new Typed(1), "Typed.Kind", "a Type cannot be");
        yield return Refuses("a computed member that is not a number", new Averages([]), "Averages.Mean", "infinity");
        yield return Refuses("a computed member that throws", new Summary([new([])]), "Summary.Parts[0].First", "threw an InvalidOperationException");
        yield return Refuses("half of a character under web settings", new Page(3, "a\ud800b"), "$.url", "surrogate", json: Web);
        yield return Refuses(
            "a tree with back references of which a kind is lost",
            Node.Tree(3, new Dog("rex", "collie")),
            "Dog",
            "JsonDerivedType",
            json: new(Web) { ReferenceHandler = ReferenceHandler.Preserve, MaxDepth = 64 }
        );
        yield return Refuses(
            "a kind that nobody names in a sequence",
            new Box<IEnumerable<Animal>>(new[] { 1 }.Select(_ => new Dog("rex", "collie"))),
            "Value[0]",
            "JsonDerivedType"
        );
        yield return Refuses("a constructor that takes more than there is", new Seeded(3), "Seeded", "takes seed");
        yield return Refuses("a converter that joins", new Box<Joined>(new(["a,b"])), "Value.Items", "1 elements and comes back with 2");
        yield return Refuses("a converter that merges", new Box<Merged>(new(Merging.Foo_Bar)), "Value.Mode", "Foo_Bar and comes back as FooBar");
        yield return Refuses("a converter that drops a member", new Box<Price>(new(5, "EUR")), "Value.Currency", "\"EUR\" and comes back as \"USD\"");
        yield return Refuses("an array that was never made", new Box<ImmutableArray<int>>(default), "Value", "default");
        yield return Refuses(
            "a field that is only left out at its default",
            new SometimesField { Count = 3 },
            "SometimesField.Count",
            "IncludeFields",
            json: Web
        );
        yield return Refuses("a tree of another library's", new Box<Foreign>(new()), "Value", "nothing but itself");
        yield return Refuses("a NUL in a text", new Page(3, "a\0b"), "$.url", "NUL");
        yield return Refuses("half of a character in a text", new Box<List<Page>>([new(3, "a"), new(3, "a\ud800b")]), "$.value[1].url", "surrogate");
        yield return Refuses(
            "a time to the second",
            new Box<Second>(new(new(2026, 1, 2, 3, 4, 5, 6, DateTimeKind.Utc))),
            "Value.At",
            "03:04:05.0060000Z and comes back as 2026-01-02T03:04:05.0000000Z, by SecondsConverter"
        );
        yield return Refuses("an address of a machine", new Box<System.Net.IPAddress>(System.Net.IPAddress.Loopback), "Value", "an IPAddress can");
        yield return Refuses("a private constructor", PrivateMaking.Make(), "PrivateMaking", "constructor");
        yield return Refuses("an interface", new Box<IPlain>(new Plain()), "Value", "JsonDerivedType");
        yield return Refuses("an abstract member", new Box<Shape>(new Square(3)), "Value", "JsonDerivedType");
        yield return Refuses("a derived type that nobody names", new Box<Animal>(new Dog("rex", "collie")), "Value", "JsonDerivedType");
        yield return Refuses("a derived type in a list", new Box<List<Animal>>([new Animal("a"), new Dog("rex", "collie")]), "Value[1]", "JsonDerivedType");
        yield return Refuses("a priority queue", new Box<PriorityQueue<string, int>>(new([("a", 1)])), "Value", "PriorityQueue");
        yield return Refuses("an exception", new Box<Exception?>(null), "Value", "Exception");
        yield return Refuses("an exception of its own", new Box<InvalidOperationException>(new("x")), "Value", "InvalidOperationException");
        yield return Refuses("a delegate", new Box<Action>(() => { }), "Value", "Action");
        yield return Refuses("a pointer", new Box<IntPtr>(5), "Value", "IntPtr");
        yield return Refuses("a type", new Box<Type>(typeof(int)), "Value", "Type");
        yield return Refuses("an array of two dimensions", new Box<int[,]>(new int[2, 2]), "Value", "2 dimensions");
        yield return Refuses("a lazy value", new Box<Lazy<int>>(new(() => 5)), "Value", "Lazy");
        yield return Refuses("a culture", new Box<CultureInfo>(CultureInfo.InvariantCulture), "Value", "CultureInfo");
        yield return Refuses("a complex number", new Box<Complex>(new(1, 2)), "Value", "Complex");
        yield return Refuses("a text that grows", new Box<StringBuilder>(new("abc")), "Value", "StringBuilder");
        yield return Refuses("a token", new Box<CancellationToken>(default), "Value", "CancellationToken");
        yield return Refuses("a task", new Box<Task>(Task.CompletedTask), "Value", "Task");
        yield return Refuses("a stream", new Box<MemoryStream>(new()), "Value", "Stream");
        yield return Refuses("a range", new Box<Range>(1..3), "Value", "Range");
        yield return Refuses("a read-only collection", new Box<ReadOnlyCollection<int>>(new([1])), "Value", "ReadOnlyCollection");
        yield return Refuses("a bag", new Box<ConcurrentBag<int>>([1]), "Value", "ConcurrentBag");
        yield return Refuses("an asynchronous sequence", new Box<IAsyncEnumerable<int>>(AsyncEnumerable.Empty<int>()), "Value", "IAsyncEnumerable");
        yield return Refuses("a collection with a member", new Box<NamedList>(new() { Name = "n" }), "Value.Name", "elements alone");
        yield return Refuses("names that become one", new Box<Merging>(Merging.FooBar), "Value", "Foo_Bar");
        yield return Refuses("names that become one as keys", new Box<Dictionary<Merging, int>>([]), "Value.Keys", "Foo_Bar");
        yield return Refuses("an object that holds a text", new Box<object>("text"), "Value", "declared as object");
        yield return Refuses("objects in a dictionary", new Box<Dictionary<string, object>>(new() { ["a"] = 5 }), "Value[]", "declared as object");
        yield return Refuses("objects in an old list", new Box<System.Collections.ArrayList>([1]), "Value[]", "declared as object");
        yield return Refuses("not a number", new Box<double>(double.NaN), "Box<Double>", "infinity");
        yield return Refuses(
            "a dictionary that ignores case",
            new Box<Dictionary<string, int>>(new(StringComparer.OrdinalIgnoreCase) { ["A"] = 1 }),
            "Value",
            "compare"
        );
        yield return Refuses("a set that ignores case", new Box<HashSet<string>>(new(StringComparer.OrdinalIgnoreCase) { "A" }), "Value", "compare");
        yield return Refuses(
            "a set that sorts its own way",
            new Box<SortedSet<int>>(new(Comparer<int>.Create((one, other) => other.CompareTo(one))) { 1, 2 }),
            "Value",
            "compare"
        );
        yield return Refuses(
            "keys by a rule",
            new Box<Dictionary<string, int>>(new() { ["FooBar"] = 1 }),
            "Value",
            "DictionaryKeyPolicy",
            json: new(Web) { DictionaryKeyPolicy = JsonNamingPolicy.CamelCase }
        );
        yield return Refuses("keys that are records", new Box<Dictionary<Spot, int>>(new() { [new(1, 2)] = 3 }), "state", "Spot");
        yield return Refuses(
            "a default that is left out",
            new Defaults { Retries = 0 },
            "Defaults.Retries",
            "comes back|read back",
            json: new(Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault }
        );
        yield return Refuses("a converter that loses", new Box<Lossy>(new(3)), "Value.Count", "it is 3 and comes back as 4, by LossyConverter");
        yield return Refuses("a circle that is cut", Circle2.Make(), "Next", "null", json: new(Web) { ReferenceHandler = ReferenceHandler.IgnoreCycles });
        yield return Refuses("a constructor that will not have it", Choosy.Zero(), "Choosy", "read back");
    }

    [TestCaseSource(nameof(Kept))]
    public Task It_comes_back_equal_after_a_restart(ITrial trial) => trial.MustComeBackAsync();

    [TestCaseSource(nameof(Refused))]
    public Task It_is_refused_by_the_name_of_its_member(ITrial trial) => trial.MustBeRefusedAsync();

    private static IEnumerable<TestCaseData> Later()
    {
        yield return Turns("a kind that nobody names", new Box<Animal>(new("a")), new Box<Animal>(new Dog("rex", "collie")), "Dog");
        yield return Turns(
            "a kind that nobody names in a list",
            new Box<List<Animal>>([new("a"), new("b")]),
            new Box<List<Animal>>([new("a"), new Dog("b", "c")]),
            "Dog"
        );
        yield return Turns(
            "a kind that nobody names as an entry",
            new Box<Dictionary<string, Animal>>(new() { ["a"] = new("a") }),
            new Box<Dictionary<string, Animal>>(new() { ["a"] = new Dog("b", "c") }),
            "Dog"
        );
        yield return Turns("a kind that nobody names in a set", new Box<HashSet<Animal>>([new("a")]), new Box<HashSet<Animal>>([new Dog("b", "c")]), "Dog");
        yield return Turns("a state that is a kind", new Animal("a"), new Dog("rex", "collie"), "Dog");
        yield return Turns(
            "a comparer",
            new Box<Dictionary<string, int>>(new() { ["A"] = 1 }),
            new Box<Dictionary<string, int>>(new(StringComparer.OrdinalIgnoreCase) { ["A"] = 1 }),
            "compares by"
        );
        yield return Turns(
            "a set's comparer",
            new Box<HashSet<string>>(["A"]),
            new Box<HashSet<string>>(new(StringComparer.OrdinalIgnoreCase) { "A" }),
            "compares by"
        );
        yield return Turns("another collection", new Box<ISet<int>>(new HashSet<int> { 1 }), new Box<ISet<int>>(new SortedSet<int> { 1 }), "sorted");
        yield return Turns("private data that is no longer its default", Misnamed.At(0), Misnamed.At(3), "Misnamed.Count");
        yield return Turns("a private list that is no longer empty", new MisnamedList(), MisnamedList.With(3), "MisnamedList.Items");
        yield return Turns("what methods alone use", new Cart(), Cart.With("a"), "Cart.items");
        yield return Turns("an internal field", new InternalField(), new InternalField { Tried = 3 }, "InternalField.Tried");
        yield return Turns("null that is left out", new Job { Cursor = "a" }, new Job { Cursor = null }, "Job.Cursor");
        yield return Turns("a default that is left out", new Job { Cursor = "a" }, new Job { Cursor = "a", Retries = 0 }, "Job.Retries");
        yield return Turns(
            "a kind that nobody names on a stack",
            new Box<Stack<Animal>>(new([new("a")])),
            new Box<Stack<Animal>>(new([new Dog("b", "c")])),
            "Dog"
        );
        yield return Turns(
            "a member's converter",
            new Stamped(DateTime.SpecifyKind(default, DateTimeKind.Utc)),
            new Stamped(new(2026, 1, 2, 3, 4, 5, 6, DateTimeKind.Utc)),
            "Stamped.At"
        );
    }

    /// <summary>The first forty states hold nothing that could be lost; the next does, and no longer text.</summary>
    [TestCaseSource(nameof(Later))]
    public Task What_is_lost_later_is_found_when_it_is_first_there(ILater later) => later.MustBeFoundAsync();

    [Test]
    public async Task An_engine_made_for_each_step_is_judged_once_and_its_states_are_tried_together()
    {
        int read = 0;
        await using RoostRuntime roost = TestRuntime.Create(null);
        roost.AddEngine(() => new StateEngine<Counted>(() => new()) { Next = (state, _) => new() { N = state.N + 1 }, Steps = 300 });
        Counted.Read = () => Interlocked.Increment(ref read);
        await roost.EnqueueAsync(new WorkItem("state"));

        await roost.RunUntilIdleAsync();

        read.Should().BeInRange(300, 330, "each step reads its state once, and only the first states are read back once more");
    }

    internal interface ILater
    {
        Task MustBeFoundAsync();
    }

    private static TestCaseData Turns<T>(string name, T harmless, T lost, string member) =>
        new TestCaseData(new Turn<T>(harmless, lost, member)).SetArgDisplayNames(name);

    private sealed class Turn<T>(T harmless, T lost, string member) : ILater
    {
        public async Task MustBeFoundAsync()
        {
            int seen = 0;
            var engine = new StateEngine<T>(() => harmless) { Next = (_, n) => n < 40 ? harmless : lost, Seen = _ => seen++ };
            await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 5 }, null, engine);
            string id = await roost.EnqueueAsync(new WorkItem("state"));

            await roost.RunUntilIdleAsync();

            WorkDetail item = await roost.GetAsync(id);
            item.Summary.State.Should().Be(WorkState.Failed);
            item.LastFailure!.Reason.Should().Be(FailReasons.StateNotKept);
            item.LastFailure.Message.Should().Contain(member);
            item.Failures.Should().Be(1, "no further try can help");
            seen.Should().Be(40, "the step that made it has no version");
        }
    }

    internal interface ITrial
    {
        Task MustComeBackAsync();

        Task MustBeRefusedAsync();
    }

    private static TestCaseData Keeps<T>(
        string name,
        T state,
        Func<T, T, bool>? same = null,
        JsonSerializerOptions? json = null,
        JsonTypeInfo<T>? metadata = null
    ) => new TestCaseData(new Trial<T>(state, same, "", "", json, metadata)).SetArgDisplayNames(name);

    private static TestCaseData Refuses<T>(
        string name,
        T state,
        string member,
        string why,
        JsonSerializerOptions? json = null,
        JsonTypeInfo<T>? metadata = null
    ) => new TestCaseData(new Trial<T>(state, null, member, why, json, metadata)).SetArgDisplayNames(name);

    private sealed class Trial<T>(T given, Func<T, T, bool>? same, string member, string why, JsonSerializerOptions? json, JsonTypeInfo<T>? metadata) : ITrial
    {
        public async Task MustComeBackAsync()
        {
            using var folder = new TemporaryFolder();
            (List<T> seen, string? refusal) = await RunAsync(folder);
            refusal.Should().BeNull();
            T back = seen.Should().ContainSingle().Which;
            if (same is not null) same(given, back).Should().BeTrue();
            else back.Should().BeEquivalentTo(given, options => options.WithStrictOrdering().RespectingRuntimeTypes());
        }

        public async Task MustBeRefusedAsync()
        {
            using var folder = new TemporaryFolder();
            (List<T> seen, string? refusal) = await RunAsync(folder);
            seen.Should().BeEmpty();
            refusal.Should().NotBeNull("what does not come back is refused").And.Contain(member).And.MatchRegex(why);
        }

        /// <summary>One runtime makes the state; another, on the same file, sees what came of it.</summary>
        private async Task<(List<T> Seen, string? Refusal)> RunAsync(TemporaryFolder folder)
        {
            var seen = new List<T>();
            string id;
            RoostOptions options = new() { Path = folder["roost.db"], Durability = Durability.None, Json = json ?? RoostJson.Default };
            await using (var first = new RoostRuntime(options))
            {
                try
                {
                    first.AddEngine(StateEngine<T>.Of(() => given, metadata));
                }
                catch (InvalidInputException e)
                {
                    return (seen, e.Message);
                }
                id = await first.EnqueueAsync(new WorkItem("state") { MaxAttempts = 1 });
                await first.StepOnceAsync();
                if ((await first.GetAsync(id)).LastFailure is { } failure) return (seen, failure.Message);
            }
            await using (RoostRuntime second = new RoostRuntime(options).AddEngine(StateEngine<T>.Of(() => given, metadata, seen.Add)))
            {
                await second.StepOnceAsync();
                (await second.GetAsync(id)).LastFailure?.Message.Should().BeNull();
            }
            return (seen, null);
        }
    }

    private sealed class StateEngine<T> : Engine<T>
    {
        private readonly Func<T> first;

        private StateEngine(Func<T> first, JsonTypeInfo<T> metadata) : base(metadata) => this.first = first;

        public StateEngine(Func<T> first) => this.first = first;

        public static StateEngine<T> Of(Func<T> first, JsonTypeInfo<T>? metadata, Action<T>? seen = null) =>
            metadata is null ? new(first) { Seen = seen ?? (_ => { }) } : new(first, metadata) { Seen = seen ?? (_ => { }) };

        public override string EngineId => "state";

        public Action<T> Seen { get; init; } = _ => { };

        public Func<T, int, T>? Next { get; init; }

        public int Steps { get; init; } = 100;

        protected override T Init(WorkItem item) => first();

        protected override Task<Outcome> StepAsync(T state, StepContext context)
        {
            Seen(state);
            return Task.FromResult(Next is null || context.Version > Steps ? Done(state) : Continue(Next(state, context.Version)));
        }
    }
}
