using System.Text;
using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Any JSON either is refused by its field, with nothing written, or reads back equal; nothing else happens.</summary>
[TestFixture]
[Category("Reliability")]
internal sealed class JsonFuzzTests : FolderFixture
{
    private static readonly JsonDocumentOptions Anything = new() { MaxDepth = 1000 };

    [Test]
    public async Task Any_payload_is_refused_by_its_field_or_reads_back_equal()
    {
        var random = new Random(Effort.Seed());
        var fuzz = new JsonFuzz(random);
        int tries = Effort.Times(2000, 200_000), accepted = 0, refused = 0;
        await using RoostRuntime roost = TestRuntime.Create(null);
        for (int i = 0; i < tries; i++)
        {
            (string text, bool isGood) = fuzz.Object();
            try
            {
                WorkItem item = random.Next(3) == 0 && Parsed(text) is { } element ? new("e", element) : WorkItem.FromJson("e", text);
                string id = await roost.EnqueueAsync(item);
                accepted++;
                MustEqual((await roost.GetAsync(id)).Payload, text);
            }
            catch (InvalidInputException e)
            {
                refused++;
                isGood.Should().BeFalse("every rule is kept in {0} ({1})", text, e.Message);
                MustName(e, "Payload", text);
            }
        }
        FileAudit.Count(roost.Path, "roost_work").Should().Be(accepted, "what is refused is not written");
        FileAudit.MustAgree(roost.Path);
        (accepted, refused).Should().Match<(int, int)>(counts => counts.Item1 > tries / 10 && counts.Item2 > tries / 10, "both kinds have to be made");
        Effort.Report($"{tries} payloads: {accepted} accepted and read back equal, {refused} refused");
    }

    [Test]
    public async Task Any_state_event_data_and_metadata_fails_its_step_by_its_field_or_reads_back_equal()
    {
        var random = new Random(Effort.Seed());
        var fuzz = new JsonFuzz(random);
        int tries = Effort.Times(1000, 60_000), accepted = 0, refused = 0;
        var texts = new Dictionary<string, (string Text, bool IsGood, string Field)>();
        var engine = new RawEngine((snapshot, item, context) =>
        {
            (string text, _, string field) = texts[item.Id];
            JsonElement value = Parsed(text)!.Value;
            if (field == "data") context.AddEvent("x", value);
            if (field == "Metadata") context.AddArtifactText("x", "", new() { Metadata = value });
            return Outcome.Done(field == "state" ? snapshot.Next(value) : snapshot.Next(1));
        });
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { MaxAttempts = 1, MaxJsonBytes = 100_000 }, null, engine);
        while (texts.Count < tries)
        {
            (string text, bool isGood) = fuzz.Object();
            if (Parsed(text) is null) continue;
            texts[texts.Count.ToString("D6", null)] = (text, isGood, random.Next(3) switch { 0 => "state", 1 => "data", _ => "Metadata" });
        }
        await roost.EnqueueAsync(texts.Keys.Select(id => new WorkItem("raw") { Id = id }));

        await roost.RunUntilIdleAsync();

        foreach ((string id, (string text, bool isGood, string field)) in texts)
        {
            WorkDetail item = await roost.GetAsync(id);
            if (item.Summary.State == WorkState.Done)
            {
                accepted++;
                MustEqual(field switch
                {
                    "state" => item.Snapshot!.Data,
                    "Metadata" => item.Artifacts.Single().Metadata!.Value,
                    _ => (await roost.ListEventsAsync(id)).Items.Single(one => one.Kind == "engine.x").Data!.Value,
                }, text);
                continue;
            }
            refused++;
            isGood.Should().BeFalse("every rule is kept in {0} ({1})", text, item.LastFailure!.Message);
            (item.Summary.State, item.Summary.Version, item.LastFailure!.ErrorType)
                .Should()
                .Be((WorkState.Failed, 1, typeof(InvalidInputException).FullName), text);
            item.LastFailure.Message.Should().StartWith($"{field}: ");
        }
        FileAudit.MustAgree(roost.Path);
        refused.Should().BePositive();
        Effort.Report($"{tries} states, event data and metadata: {accepted} accepted and read back equal, {refused} refused");
    }

    [Test]
    public async Task Any_text_of_a_host_object_is_refused_or_reads_back_equal()
    {
        var random = new Random(Effort.Seed());
        int tries = Effort.Times(1500, 100_000), refused = 0;
        await using RoostRuntime roost = TestRuntime.Create(null);
        for (int i = 0; i < tries; i++)
        {
            string key = Hostile.Text(random), value = Hostile.Text(random);
            bool isBad = !IsUnicode(key) || !IsUnicode(value);
            try
            {
                string id = await roost.EnqueueAsync(new WorkItem("e", new Dictionary<string, string> { [key] = value }));
                JsonProperty read = (await roost.GetAsync(id)).Payload.EnumerateObject().Single();
                (read.Name, read.Value.GetString()).Should().Be((key, value));
                isBad.Should().BeFalse("no file keeps such a text");
            }
            catch (InvalidInputException e)
            {
                refused++;
                isBad.Should().BeTrue("{0} and {1} are text ({2})", key, value, e.Message);
                MustName(e, "Payload", value);
            }
        }
        Effort.Report($"{tries} texts of host objects, {refused} refused, the others read back equal");
    }

    [Test]
    public void Any_trigger_file_is_refused_by_a_field_and_its_name_or_reads_back_as_it_says()
    {
        var random = new Random(Effort.Seed());
        var fuzz = new JsonFuzz(random);
        int tries = Effort.Times(2000, 200_000), accepted = 0;
        string path = folder["roost.json"];
        for (int i = 0; i < tries; i++)
        {
            byte[] bytes = fuzz.Bytes(TriggerText(random, fuzz));
            File.WriteAllBytes(path, bytes);
            try
            {
                IReadOnlyList<Trigger> triggers = TriggerFile.Load(path);
                accepted++;
                MustSay(triggers, bytes);
            }
            catch (InvalidInputException e)
            {
                e.Field.Should().NotBeNullOrEmpty();
                e.Message.Should().StartWith(e.Field + ": ").And.Contain(path);
            }
        }
        accepted.Should().BeGreaterThan(tries / 20, "both kinds have to be made");
        Effort.Report($"{tries} trigger files: {accepted} accepted and read back as they say, the others refused");
    }

    private static string TriggerText(Random random, JsonFuzz fuzz)
    {
        string[] rules = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Rule(random, fuzz))];
        string text = $"{{\"triggers\":[{string.Join(',', rules)}]}}";
        return random.Next(4) == 0 ? fuzz.Damaged(text) : text;
    }

    private static string Rule(Random random, JsonFuzz fuzz)
    {
        List<string> keys = [$"\"when\":{Text(random)}", $"\"enqueue\":{Text(random)}"];
        if (random.Next(3) == 0) keys.Add($"\"if\":{Path(random)}");
        if (random.Next(3) == 0) keys.Add($"\"fields\":{{{Text(random)}:{Path(random)}}}");
        if (random.Next(3) == 0) keys.Add($"\"values\":{fuzz.Object().Text}");
        if (random.Next(3) == 0) keys.Add($"\"max_depth\":{(random.Next(4) == 0 ? random.Next(-2, 2000).ToString(null, null) : "5")}");
        if (random.Next(20) == 0) keys.Add(keys[random.Next(keys.Count)]);
        if (random.Next(20) == 0) keys.RemoveAt(random.Next(keys.Count));
        return $"{{{string.Join(',', keys.OrderBy(_ => random.Next()))}}}";
    }

    private static string Text(Random random) =>
        random.Next(10) == 0 ? JsonSerializer.Serialize(Hostile.Text(random)) : JsonSerializer.Serialize(Hostile.Names[random.Next(Hostile.Names.Length)]);

    private static string Path(Random random) => random.Next(8) == 0 ? Text(random) : random.Next(2) == 0 ? "\"snapshot.data.a\"" : "\"item.payload.a.0\"";

    /// <summary>Each accepted trigger says what its object in the file does, by a second reading of the file.</summary>
    private static void MustSay(IReadOnlyList<Trigger> triggers, byte[] bytes)
    {
        ReadOnlyMemory<byte> text = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
        using var document = JsonDocument.Parse(text, new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 1000 });
        JsonElement[] rules = [.. document.RootElement.GetProperty("triggers").EnumerateArray()];
        triggers.Should().HaveCount(rules.Length);
        foreach ((Trigger trigger, JsonElement rule) in triggers.Zip(rules))
        {
            trigger.When.Should().Be(rule.GetProperty("when").GetString());
            trigger.Enqueue.Should().Be(rule.GetProperty("enqueue").GetString());
            trigger.If.Should().Be(rule.TryGetProperty("if", out JsonElement condition) ? condition.GetString() : null);
            trigger.MaxDepth.Should().Be(rule.TryGetProperty("max_depth", out JsonElement depth) ? depth.GetInt32() : 32);
            trigger
                .Fields.Should()
                .Equal(
                    rule.TryGetProperty("fields", out JsonElement fields)
                        ? fields.EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetString()!)
                        : []
                );
            int values = rule.TryGetProperty("values", out JsonElement given) ? given.EnumerateObject().Count() : 0;
            trigger.Values.Should().HaveCount(values);
            if (values > 0)
                foreach (JsonProperty one in given.EnumerateObject())
                    JsonElement.DeepEquals((JsonElement)trigger.Values[one.Name]!, one.Value).Should().BeTrue();
        }
    }

    private static void MustEqual(JsonElement stored, string text)
    {
        using JsonDocument meant = JsonDocument.Parse(text, Anything);
        JsonElement.DeepEquals(stored, meant.RootElement).Should().BeTrue("{0} was accepted and reads back as {1}", text, stored.GetRawText());
    }

    private static void MustName(InvalidInputException e, string field, string text)
    {
        e.Field.Should().Be(field, text);
        e.Message.Should().StartWith(field + ": ");
        e.Message.Length.Should().BeLessThan(1000, "a message is for people ({0})", text);
    }

    private static JsonElement? Parsed(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, Anything);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsUnicode(string text)
    {
        if (text.Contains('\0')) return false;
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }
}
