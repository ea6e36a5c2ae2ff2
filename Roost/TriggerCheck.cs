using System.Globalization;
using System.Text.Json;

namespace Roost;

/// <summary>The rules for triggers, wherever they come from.</summary>
internal static class TriggerCheck
{
    private const int MaxPathLength = 1000;

    public static void Check(IReadOnlyList<Trigger> triggers, JsonSerializerOptions json, int maxBytes)
    {
        for (int i = 0; i < triggers.Count; i++)
            Check(string.Create(CultureInfo.InvariantCulture, $"triggers[{i}]"), triggers[i], json, maxBytes);
    }

    private static void Check(string field, Trigger? trigger, JsonSerializerOptions json, int maxBytes)
    {
        if (trigger is null) throw new InvalidInputException(field, "is null; leave it out.");
        Names.Check($"{field}.when", trigger.When);
        Names.Check($"{field}.enqueue", trigger.Enqueue);
        if (trigger.If is not null) CheckPath($"{field}.if", trigger.If);
        if (trigger.MaxDepth is < 1 or > 1000) throw new InvalidInputException($"{field}.max_depth", $"is {trigger.MaxDepth}; it must be from 1 to 1,000.");
        foreach ((string name, string path) in trigger.Fields ?? throw new InvalidInputException($"{field}.fields", "is null; leave it out for none."))
        {
            Names.Check($"{field}.fields", name);
            CheckPath($"{field}.fields.{name}", path);
        }
        long bytes = 0;
        foreach ((string name, object? value) in trigger.Values ?? throw new InvalidInputException($"{field}.values", "is null; leave it out for none."))
        {
            Names.Check($"{field}.values", name);
            bytes += JsonText.Serialize($"{field}.values.{name}", value, json, maxBytes, objectOnly: false).Length;
        }
        JsonText.CheckSize($"{field}.values", bytes, maxBytes);
    }

    private static void CheckPath(string field, string? path)
    {
        if (string.IsNullOrEmpty(path)) throw new InvalidInputException(field, "is empty; give a path such as snapshot.data.changed or item.payload.notify.");
        if (path.Length > MaxPathLength) throw new InvalidInputException(field, $"is {path.Length:N0} characters long; the limit is {MaxPathLength:N0}.");
        Names.CheckText(field, path);
        if (!TriggerPath.IsValid(path))
            throw new InvalidInputException(field, $"\"{path}\" is no path; it must begin with snapshot.data or item.payload, with names between single dots, such as snapshot.data.changed.");
    }
}
