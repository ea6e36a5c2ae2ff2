using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Roost.Writing;

namespace Roost;

/// <summary>Reads triggers from a JSON file, for <see cref="RoostOptions.Triggers"/>.</summary>
/// <remarks>
/// The file is an object with one key, <c>triggers</c>: a list of objects with these keys, of which the first two are needed.
/// <list type="table">
/// <item><term><c>when</c></term><description>The engine whose items are watched.</description></item>
/// <item><term><c>enqueue</c></term><description>The engine of the follow-up.</description></item>
/// <item><term><c>if</c></term><description>A path that must be truthy: <c>snapshot.data</c> or <c>item.payload</c>, and names (or places in a list) after
/// dots. Default: always.</description></item>
/// <item><term><c>fields</c></term><description>An object of names to paths, laid over the inherited payload.</description></item>
/// <item><term><c>values</c></term><description>An object of names to fixed values, laid over that.</description></item>
/// <item><term><c>max_depth</c></term><description>How many triggers may follow each other, 1 to 1,000. Default 32.</description></item>
/// </list>
/// Comments and trailing commas are allowed; an unknown or repeated key is refused. At most 1 MiB of UTF-8, with or without a byte-order mark; any other
/// encoding is refused.
/// <code>
/// {
///   "triggers": [
///     // Tell somebody when a watched page has changed.
///     {
///       "when": "watchlist",
///       "if": "snapshot.data.changed",
///       "enqueue": "notify",
///       "fields": { "message": "snapshot.data.summary" },
///       "values": { "level": "high" },
///       "max_depth": 32,
///     },
///   ],
/// }
/// </code>
/// </remarks>
public static class TriggerFile
{
    private const int MaxBytes = 1024 * 1024;

    private static readonly JsonDocumentOptions Lenient = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
        MaxDepth = JsonText.MaxDepth,
    };

    /// <summary>Reads the file and checks every trigger in it.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The triggers in the file's order.</returns>
    /// <exception cref="InvalidInputException">The file is missing, too large or no JSON, or a key of it is unknown, missing, of the wrong type or breaks a
    /// rule; the message names the key and the file.</exception>
    public static IReadOnlyList<Trigger> Load(string path)
    {
        if (string.IsNullOrWhiteSpace(path)) throw new InvalidInputException("path", "is empty; name the trigger file, such as \"roost.json\".");
        byte[] text = Read(path);
        try
        {
            using var document = JsonDocument.Parse(Utf8Text.Checked("triggers", text), Lenient);
            Trigger[] triggers = Triggers(document.RootElement);
            TriggerCheck.Check(triggers, TriggerCheck.Spelling.OfFile, RoostJson.Default, MaxBytes);
            return triggers;
        }
        catch (JsonException e)
        {
            throw new InvalidInputException(
                "triggers",
                $"{path} is not acceptable JSON (at most {JsonText.MaxDepth} levels, no repeated keys): {e.Message}",
                e
            );
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidInputException("triggers", $"{path} holds a text that is not valid Unicode (half of a surrogate pair): {e.Message}", e);
        }
        catch (InvalidInputException e)
        {
            throw new InvalidInputException(e.Field, $"{e.Rule} (in {path})", e);
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            byte[] text = new byte[MaxBytes + 1];
            int length = file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            if (length > MaxBytes) throw new InvalidInputException("path", $"{path} is larger than {MaxBytes:N0} bytes; a trigger file holds rules, not data.");
            return text[..length];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new InvalidInputException("path", $"the trigger file {path} cannot be read: {e.Message}", e);
        }
    }

    private static Trigger[] Triggers(JsonElement root)
    {
        Expect("file", root, JsonValueKind.Object, "an object with the key triggers");
        foreach (JsonProperty key in root.EnumerateObject())
            if (key.Name != "triggers") throw Unknown(key.Name, "triggers");
        if (!root.TryGetProperty("triggers", out JsonElement list)) throw new InvalidInputException("triggers", "is missing; give a list, which may be empty.");
        Expect("triggers", list, JsonValueKind.Array, "a list");
        return [.. list.EnumerateArray().Select((element, i) => One(string.Create(CultureInfo.InvariantCulture, $"triggers[{i}]"), element))];
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The values are JSON.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "The values are JSON.")]
    private static Trigger One(string field, JsonElement element)
    {
        Expect(field, element, JsonValueKind.Object, "an object");
        var trigger = new Trigger("", "");
        foreach (JsonProperty key in element.EnumerateObject())
        {
            string name = $"{field}.{key.Name}";
            trigger = key.Name switch
            {
                "when" => trigger with { When = Text(name, key.Value) },
                "enqueue" => trigger with { Enqueue = Text(name, key.Value) },
                "if" => trigger with { If = Text(name, key.Value) },
                "fields" => trigger with
                {
                    Fields = Members(name, key.Value).ToDictionary(member => member.Name, member => Text($"{name}.{member.Name}", member.Value)),
                },
                "values" => trigger with { Values = Members(name, key.Value).ToDictionary(member => member.Name, member => (object?)member.Value.Clone()) },
                "max_depth" => trigger with { MaxDepth = Number(name, key.Value) },
                _ => throw Unknown(name, "when, if, enqueue, fields, values, max_depth"),
            };
        }
        foreach (string needed in new[] { "when", "enqueue" })
            if (!element.TryGetProperty(needed, out _)) throw new InvalidInputException($"{field}.{needed}", "is missing; a trigger needs when and enqueue.");
        return trigger;
    }

    private static JsonElement.ObjectEnumerator Members(string field, JsonElement value)
    {
        Expect(field, value, JsonValueKind.Object, "an object");
        return value.EnumerateObject();
    }

    private static string Text(string field, JsonElement value)
    {
        Expect(field, value, JsonValueKind.String, "a string");
        return value.GetString()!;
    }

    private static int Number(string field, JsonElement value)
    {
        Expect(field, value, JsonValueKind.Number, "a whole number");
        return value.TryGetInt32(out int number)
            ? number
            : throw new InvalidInputException(field, $"is {value.GetRawText()}; it must be a whole number from 1 to 1,000.");
    }

    private static void Expect(string field, JsonElement value, JsonValueKind kind, string what)
    {
        if (value.ValueKind != kind) throw new InvalidInputException(field, $"is of type {value.ValueKind.ToString().ToLowerInvariant()}; it must be {what}.");
    }

    private static InvalidInputException Unknown(string field, string known) =>
        new(field.Length == 0 ? "\"\"" : field, $"is an unknown key; known are: {known}.");
}
