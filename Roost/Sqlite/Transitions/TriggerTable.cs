using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Stores;

namespace Roost.Sqlite.Transitions;

/// <summary>The follow-ups, as the file has them: every worker decides by these, whatever its own options say.</summary>
internal sealed class TriggerTable(WriteConnection connection, EnqueueTransition enqueueing, Events events)
{
    private readonly Statement load = connection.Prepare(
        "SELECT when_engine, enqueue_engine, condition, fields, fixed, max_depth FROM roost_trigger_rule ORDER BY key"
    );
    private readonly Statement clear = connection.Prepare("DELETE FROM roost_trigger_rule");
    private readonly Statement insert = connection.Prepare(
        "INSERT INTO roost_trigger_rule (when_engine, enqueue_engine, condition, fields, fixed, max_depth) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

    private List<Rule>? rules;

    private sealed record Rule(
        string When,
        string Enqueue,
        string? If,
        IReadOnlyDictionary<string, string> Fields,
        IReadOnlyDictionary<string, JsonElement> Fixed,
        int MaxDepth
    );

    public void Forget() => rules = null;

    /// <summary>Puts a host's triggers in the place of the stored ones.</summary>
    public void Replace(IReadOnlyList<Trigger> triggers, JsonSerializerOptions json)
    {
        clear.Run();
        foreach (Trigger trigger in triggers)
            insert
                .Bind(1, trigger.When)
                .Bind(2, trigger.Enqueue)
                .Bind(3, trigger.If)
                .Bind(4, JsonSerializer.Serialize(trigger.Fields, ColumnJson.Default.IReadOnlyDictionaryStringString))
                .BindText(5, Fixed(trigger, json))
                .Bind(6, trigger.MaxDepth)
                .Run();
        Forget();
    }

    /// <summary>Enqueues the follow-ups of an item that is done, in the transaction that finishes it.</summary>
    public void Fire(StepCommit commit, in WorkRow done)
    {
        foreach (Rule rule in Rules())
            if (rule.When == commit.Lease.Lane.Engine) Fire(rule, commit, done);
    }

    private void Fire(Rule rule, StepCommit commit, in WorkRow done)
    {
        JsonElement payload = commit.Lease.Item.Payload;
        int depth = commit.Lease.Depth + 1;
        JsonElement data = commit.Next!.Data;
        if (rule.If is not null && !TriggerPath.IsTruthy(TriggerPath.Find(rule.If, data, payload))) return;
        if (depth > rule.MaxDepth)
        {
            Skip(rule, done.Key, $"the chain is {depth - 1} triggers deep, and the limit is {rule.MaxDepth}");
            return;
        }
        if (Merge(rule, data, payload) is not { } merged)
        {
            Skip(rule, done.Key, $"its payload would be more than {JsonText.MaxDepth} levels deep");
            return;
        }
        if (merged.Length > connection.Options.MaxJsonBytes)
        {
            Skip(rule, done.Key, $"its payload would be {merged.Length} bytes, and the limit is {connection.Options.MaxJsonBytes}");
            return;
        }
        WorkItem origin = commit.Lease.Item;
        var item = new WorkItem(rule.Enqueue) { Queue = origin.Queue, Priority = done.Priority, ResourceHold = origin.ResourceHold, Detached = true };
        var work = new NewWork(item, connection.Options.Randomness.NextId(StoredTime.Read(connection.Now)).ToString(), merged, origin.Resources, null);
        enqueueing.Execute(work, done.Key, depth, commit.Lease.Trace?.ToPassOn);
        events.Append(EventKinds.Triggered, done.Key, (rule.Enqueue, work.Id), static (json, it) =>
        {
            json.WriteString("engine", it.Enqueue);
            json.WriteString("work_id", it.Id);
        });
    }

    private void Skip(Rule rule, long work, string why) =>
        events.Append(EventKinds.TriggerSkipped, work, (rule.Enqueue, why), static (json, it) =>
        {
            json.WriteString("engine", it.Enqueue);
            json.WriteString("reason", it.why);
        });

    /// <summary>The follow-up's payload; null where it could not be read back for its depth.</summary>
    private static byte[]? Merge(Rule rule, JsonElement data, JsonElement payload)
    {
        var fields = new Dictionary<string, JsonElement>();
        foreach (JsonProperty field in payload.EnumerateObject()) fields[field.Name] = field.Value;
        foreach ((string name, string path) in rule.Fields)
            if (TriggerPath.Find(path, data, payload) is { } value) fields[name] = value;
        foreach ((string name, JsonElement value) in rule.Fixed) fields[name] = value;

        byte[] merged = Write(fields);
        return IsReadable(merged) ? merged : null;
    }

    /// <summary>Each value by the host's settings, the names as they are given whatever those say about dictionaries.</summary>
    private static byte[] Fixed(Trigger trigger, JsonSerializerOptions json) => Write(trigger.Values.ToDictionary(
        value => value.Key, value => JsonText.Parse(JsonText.Serialize($"Values.{value.Key}", value.Value, json, int.MaxValue, objectOnly: false))));

    private static byte[] Write(Dictionary<string, JsonElement> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach ((string name, JsonElement value) in fields)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static bool IsReadable(byte[] utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = JsonText.MaxDepth });
        try
        {
            return reader.Read() && reader.TrySkip();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private List<Rule> Rules()
    {
        if (rules is not null) return rules;
        var loaded = new List<Rule>();
        while (load.Step())
            loaded.Add(new(load.Text(0), load.Text(1), load.NullableText(2),
                ColumnJson.Read(load.Bytes(3), ColumnJson.Default.DictionaryStringString, "What a trigger copies"),
                ColumnJson.Read(load.Bytes(4), ColumnJson.Default.DictionaryStringJsonElement, "What a trigger adds"), load.Int32(5)));
        return rules = loaded;
    }
}
