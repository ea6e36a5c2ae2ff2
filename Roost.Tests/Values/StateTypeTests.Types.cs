using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Roost.Tests;

#pragma warning disable CA1051, CA1822, IDE0051, IDE0052, CS0169, CS0414, CS0649, IDE0044, S1144 // Types with the habits of strangers: that is what is tried.
internal sealed partial class StateTypeTests
{
    internal sealed record Page(int Number, string Url);

    internal readonly record struct Spot(int X, int Y)
    {
        public static Spot Origin => default;
    }

    internal sealed record Empty;

    internal sealed class Fields
    {
        public int Count;
        public string? Name;
    }

    internal sealed record Pages(List<(int Page, string Url)> Seen);

    internal sealed record Box<T>(T Value);

    internal sealed record Keys(Dictionary<Guid, int> Ids, Dictionary<int, int> Numbers, SortedDictionary<Colour, int> Colours, Dictionary<DateOnly, int> Days);

    internal enum Colour
    {
        None,
        DarkRed,
        Light_Blue,
    }

    [Flags]
    internal enum Rights
    {
        None = 0,
        Read = 1,
        Write = 2,
    }

    internal enum Merging
    {
        FooBar,
        Foo_Bar,
    }

    internal enum Named
    {
        FooBar,
        [JsonStringEnumMemberName("the other")]
        Foo_Bar,
    }

    internal sealed record Times(DateTime Utc, DateTime Anywhere, DateTime Here, DateTimeOffset Offset, DateOnly Day, TimeOnly Time, TimeSpan Span);

    internal sealed record Numbers(
        double Most,
        double Least,
        float Single,
        decimal Cents,
        decimal Large,
        long Long,
        ulong Unsigned,
        Int128 Wide,
        System.Half Half,
        char Letter,
        double Zero
    );

    internal sealed record Nullables(int? Number, string? Text, List<int>? Items, int? Zero, string? Nothing, Spot? Spot);

    internal sealed record Others(Guid Id, Uri Address, Version Version);

    internal sealed record Computed(List<string> Items)
    {
        public int Count => Items.Count;
        public string? First => Items.Count > 0 ? Items[0] : null;
        public bool IsDone => Items.Count >= 2;
        public IEnumerable<string> Upper => Items.Select(item => item.ToUpperInvariant());
        public (int, string) Both => (Count, First ?? "");
        public string Summary { get => field ?? "none"; set; } = "";
    }

    internal sealed record Ages(DateTime Born)
    {
        public TimeSpan Age => DateTime.UtcNow - Born;
        public Guid Any => Guid.NewGuid();
        public DateTime Now { get => DateTime.UtcNow; set { } }
    }

    internal sealed class Cached
    {
        private string? upper;

        public string Name { get; set; } = "";

        public string Upper => upper ??= Name.ToUpperInvariant();

        public static Cached Warm()
        {
            var cached = new Cached { Name = "n" };
            _ = cached.Upper;
            return cached;
        }
    }

    internal sealed class Ignoring(int count)
    {
        [JsonIgnore] public int field;

        public int Count { get; } = count;
        [JsonIgnore] public HttpClient? Client { get; set; }
        [JsonIgnore] public string? Note { get; set; }
        [JsonIgnore] internal int Hidden { get; set; }
    }

    internal sealed class Constant
    {
        public int Count { get; set; }
        public string Kind { get; } = "constant";
        public readonly int Format = 2;
    }

    internal sealed class InitOnly
    {
        public int Count { get; init; }
    }

    internal sealed class Included
    {
        [JsonInclude] public int Count { get; private set; }

        public static Included With(int count) => new() { Count = count };
    }

    internal sealed class Taken(int count, IReadOnlyList<string> items)
    {
        public int Count { get; } = count;
        public IReadOnlyList<string> Items { get; } = items;
    }

    internal sealed class Chosen
    {
        public Chosen() { }

        [JsonConstructor]
        public Chosen(int count) => Count = count;

        public int Count { get; }
    }

    internal sealed class Filled
    {
        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public List<string> Items { get; } = [];

        public static Filled With(params string[] items)
        {
            var filled = new Filled();
            filled.Items.AddRange(items);
            return filled;
        }
    }

    internal sealed class FilledIgnoringCase
    {
        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public Dictionary<string, int> Items { get; } = new(StringComparer.OrdinalIgnoreCase);

        public static FilledIgnoringCase With(string key)
        {
            var filled = new FilledIgnoringCase();
            filled.Items[key] = 1;
            return filled;
        }
    }

    internal sealed class Extended
    {
        public int Count { get; set; }

        [JsonExtensionData]
        public Dictionary<string, JsonElement>? Rest { get; set; }
    }

    internal sealed record JsonParts(JsonElement Element, JsonNode Node);

    [JsonDerivedType(typeof(Fetch), "fetch")]
    [JsonDerivedType(typeof(Wait), "wait")]
    internal abstract record Cmd;

    internal sealed record Fetch(string Url) : Cmd;

    internal sealed record Wait(int Seconds) : Cmd;

    internal sealed record Plan(List<Cmd> Commands);

    [JsonDerivedType(typeof(Circle), "circle")]
    internal interface IShape;

    internal sealed record Circle(double Radius) : IShape;

    internal sealed record Money(decimal Amount, string Currency);

    internal sealed record Tree(string Name, ImmutableArray<Tree> Children);

    internal sealed class Defaults
    {
        public int Retries { get; set; } = 3;
        public string? Name { get; set; } = "default";
    }

    internal sealed class Locked
    {
        private readonly Lock gate = new();

        public int Count { get; set; }

        public void Add()
        {
            lock (gate) Count++;
        }
    }

    internal sealed record Budget(int TokenBudget, string ModelName);

    internal sealed class PrivateSet
    {
        public int Count { get; private set; }
    }

    internal sealed class InternalSet
    {
        public int Count { get; internal set; }
    }

    internal sealed class InternalMember
    {
        public string Name { get; set; } = "";
        internal int Count { get; set; }
    }

    internal sealed class GetOnlyList
    {
        public List<int> Items { get; } = [];
    }

    internal sealed class TwoConstructors
    {
        public TwoConstructors() { }

        public TwoConstructors(int count) => Count = count;

        public int Count { get; }

        public string Name { get; set; } = "";
    }

    internal sealed class Secretive
    {
        private int count = 3;

        public int Next() => count++;
    }

    internal sealed class Counting
    {
        private int count;

        public int Count => count;

        public static Counting At(int count) => new() { count = count };
    }

    internal sealed class Half
    {
        private int count;

        public string Name { get; set; } = "";

        public int Count => count;

        public static Half At(int count) => new() { count = count };
    }

    internal sealed class Listing
    {
        private readonly List<int> items = [];

        public string Name { get; set; } = "";

        public IReadOnlyList<int> Items => items;

        public static Listing With(int item)
        {
            var listing = new Listing();
            listing.items.Add(item);
            return listing;
        }
    }

    internal sealed class Misnamed
    {
        private int total;

        public string Name { get; set; } = "";

        public int Count => total;

        public static Misnamed At(int total) => new() { total = total };
    }

    internal sealed class MisnamedList
    {
        private readonly List<int> all = [];

        public string Name { get; set; } = "";

        public IReadOnlyList<int> Items => all;

        public static MisnamedList With(int item)
        {
            var listing = new MisnamedList();
            listing.all.Add(item);
            return listing;
        }
    }

    internal sealed class Cart
    {
        private readonly List<string> items = [];

        public string Customer { get; set; } = "";

        public bool Has(string item) => items.Contains(item);

        public static Cart With(string item)
        {
            var cart = new Cart();
            cart.items.Add(item);
            return cart;
        }
    }

    internal sealed class InternalField
    {
        internal int Tried;

        public string Name { get; set; } = "";
    }

    internal sealed class Job
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Cursor { get; set; } = "start";

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public int Retries { get; set; } = 3;
    }

    internal sealed class Node
    {
        public Node? Parent { get; set; }
        public List<Node> Kids { get; set; } = [];
        public Animal? Animal { get; set; }

        public static Node Tree(int levels, Animal animal, Node? parent = null)
        {
            var node = new Node { Parent = parent, Animal = animal };
            for (int i = 0; levels > 1 && i < 3; i++) node.Kids.Add(Tree(levels - 1, animal, node));
            return node;
        }
    }

    internal sealed class Seeded
    {
        public Seeded(int seed) => Count = seed * 2;

        public int Count { get; set; }
    }

    internal sealed record Joined([property: JsonConverter(typeof(JoiningConverter))] List<string> Items);

    internal sealed class JoiningConverter : JsonConverter<List<string>>
    {
        public override List<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => [.. reader.GetString()!.Split(',')];

        public override void Write(Utf8JsonWriter writer, List<string> value, JsonSerializerOptions options) =>
            writer.WriteStringValue(string.Join(',', value));
    }

    internal sealed record Merged([property: JsonConverter(typeof(MergingConverter))] Merging Mode);

    internal sealed class MergingConverter : JsonConverter<Merging>
    {
        public override Merging Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            reader.GetString();
            return Merging.FooBar;
        }

        public override void Write(Utf8JsonWriter writer, Merging value, JsonSerializerOptions options) => writer.WriteStringValue("foobar");
    }

    [JsonConverter(typeof(PriceConverter))]
    internal sealed record Price(decimal Amount, string Currency);

    internal sealed class PriceConverter : JsonConverter<Price>
    {
        public override Price Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetDecimal(), "USD");

        public override void Write(Utf8JsonWriter writer, Price value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Amount);
    }

    internal sealed class SometimesField
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public int Count;

        public string Name { get; set; } = "";
    }

    internal sealed class Foreign : List<Foreign>;

    internal sealed class Lazily
    {
        private string? first;

        public List<string> Items { get; set; } = [];

        public string? First => first ??= Items.FirstOrDefault();

        public static Lazily Warm()
        {
            var lazily = new Lazily { Items = ["a"] };
            _ = lazily.First;
            return lazily;
        }
    }

    internal sealed class Renamed
    {
        private int total;

        public int Count
        {
            get => total;
            set => total = value;
        }
    }

    internal sealed class Retyped(List<int> items)
    {
        public string Name { get; set; } = "";

        public IReadOnlyList<int> Items { get; } = items;
    }

    internal sealed record Interfaces(ISet<int> Set, ICollection<int> Collection, IDictionary<string, int> Entries, SortedSet<int> Sorted);

    internal sealed record Delegating(int Count)
    {
        public Func<int> Next => () => Count + 1;
    }

    internal sealed record Typed(int Count)
    {
        public Type Kind => typeof(int);
    }

    internal sealed record Averages(List<int> Items)
    {
        public double Mean => Items.Sum() / (double)Items.Count;
    }

    internal sealed record Part(List<int> Items)
    {
        public int First => Items.First();
    }

    internal sealed record Summary(List<Part> Parts);

    internal sealed record Second([property: JsonConverter(typeof(SecondsConverter))] DateTime At);

    internal sealed record Stamped([property: JsonConverter(typeof(SecondsConverter))] DateTime At);

    internal sealed class SecondsConverter : JsonConverter<DateTime>
    {
        public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            DateTime.UnixEpoch.AddSeconds(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
            writer.WriteNumberValue((long)Math.Floor((value - DateTime.UnixEpoch).TotalSeconds));
    }

    internal sealed class PrivateMaking
    {
        private PrivateMaking() { }

        public int Count { get; set; }

        public static PrivateMaking Make() => new();
    }

    internal interface IPlain
    {
        int Count { get; }
    }

    internal sealed class Plain : IPlain
    {
        public int Count { get; set; }
    }

    internal abstract record Shape;

    internal sealed record Square(int Side) : Shape;

    internal record Animal(string Name);

    internal sealed record Dog(string Name, string Breed) : Animal(Name);

    internal sealed class NamedList : List<int>
    {
        public string Name { get; set; } = "";
    }

    [JsonConverter(typeof(LossyConverter))]
    internal sealed record Lossy(int Count);

    private sealed class LossyConverter : JsonConverter<Lossy>
    {
        public override Lossy Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt32() + 1);

        public override void Write(Utf8JsonWriter writer, Lossy value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Count);
    }

    internal sealed class Circle2
    {
        public Circle2? Next { get; set; }

        public static Circle2 Make()
        {
            var circle = new Circle2();
            circle.Next = circle;
            return circle;
        }
    }

    internal sealed class Choosy
    {
        [JsonConstructor]
        public Choosy(int count) => Count = count == 0 && !first ? throw new ArgumentException("It must not be 0.") : count;

        private static bool first = true;

        public int Count { get; }

        public static Choosy Zero()
        {
            first = true;
            var made = new Choosy(0);
            first = false;
            return made;
        }
    }

    internal sealed class Counted
    {
        public static Action Read { get; set; } = () => { };

        public int N { get; init; }

        [JsonConstructor]
        public Counted(int n)
        {
            N = n;
            Read();
        }

        public Counted() { }
    }

    [JsonSerializable(typeof(Budget))]
    [JsonSerializable(typeof(Fields))]
    [JsonSerializable(typeof(PrivateSet))]
    internal sealed partial class StateContext : JsonSerializerContext;
}
