using System.Text.Json.Nodes;

namespace Roost.Tests.Support;

/// <summary>
/// An engine whose state is any JSON, edited in each step at random but the same in each try: members come, go, change, and lists grow. It remembers
/// every state by its version.
/// </summary>
internal sealed class GrowingEngine(int seed, int steps) : Engine<JsonNode>
{
    private static readonly string[] Names = ["turn", "notes", "\u00fcber", "answers", "map", "text"];

    /// <summary>What each version has to be.</summary>
    public Dictionary<int, string> Made { get; } = [];

    /// <summary>How many bytes the first state has at least.</summary>
    public int FirstBytes { get; init; } = 4000;

    public int Shape { get; init; } = 1;

    public override string EngineId => "growing";

    public override int StateVersion => Shape;

    protected override JsonNode Init(WorkItem item)
    {
        Points.Reach("a first state is to be made");
        var random = new Random(seed);
        return Kept(1, new JsonObject { ["turn"] = 0, ["text"] = "", ["filler"] = Text(random, FirstBytes) });
    }

    protected override JsonNode? Migrate(JsonNode? state, int fromVersion)
    {
        Points.Reach("a state is migrated");
        state!["migrated"] = fromVersion;
        return state;
    }

    protected override Task<Outcome> StepAsync(JsonNode state, StepContext context)
    {
        Points.Reach("a step begins");
        JsonNode next = state.DeepClone();
        var random = new Random(HashCode(seed, context.Version));
        for (int n = random.Next(4); n > 0; n--) Edit((JsonObject)next, random);
        next["turn"] = context.Version;
        Kept(context.Version + 1, next);
        Points.Reach("a step returns");
        return Task.FromResult(context.Version >= steps ? Done(next) : Continue(next));
    }

    private static int HashCode(int seed, int version) => unchecked(seed * 397 ^ version);

    private JsonNode Kept(int version, JsonNode state)
    {
        Made[version] = state.ToJsonString(RoostJson.Default); // As it is stored.
        return state;
    }

    private static void Edit(JsonObject state, Random random)
    {
        string name = Names[random.Next(Names.Length)];
        switch (random.Next(8))
        {
            case 0: state.Remove(name); break;
            case 1: state[name] = random.Next(); break;
            case 2: state[name] = Text(random, random.Next(3000)); break;
            case 3 when state[name] is JsonArray { Count: > 0 } list: list.RemoveAt(random.Next(list.Count)); break;
            case 4 when state[name] is JsonObject map: map[$"k{random.Next(9)}"] = Text(random, random.Next(400)); break;
            case 5: state[name] = new JsonObject { ["k1"] = Text(random, 300) }; break;
            default:
                if (state[name] is not JsonArray notes) state[name] = notes = [];
                notes.Add(Text(random, random.Next(900)));
                break;
        }
    }

    private static string Text(Random random, int length) => new(random.GetItems<char>("abcdefghij \u00e9\u6f22\"\\\n", length));
}
