using System.Globalization;
using System.Text.Json;

namespace Roost;

/// <summary>The rules for triggers, wherever they come from.</summary>
internal static class TriggerCheck
{
    private const int MaxPathLength = 1000;

    /// <summary>What the parts of a trigger are called where it was written.</summary>
    public sealed record Spelling(string Triggers, string When, string If, string Enqueue, string Fields, string Values, string MaxDepth)
    {
        public static Spelling OfMembers { get; } =
            new(
                nameof(RoostOptions.Triggers),
                nameof(Trigger.When),
                nameof(Trigger.If),
                nameof(Trigger.Enqueue),
                nameof(Trigger.Fields),
                nameof(Trigger.Values),
                nameof(Trigger.MaxDepth)
            );

        public static Spelling OfFile { get; } = new("triggers", "when", "if", "enqueue", "fields", "values", "max_depth");
    }

    public static void Check(IReadOnlyList<Trigger> triggers, Spelling its, JsonSerializerOptions json, int maxBytes)
    {
        for (int i = 0; i < triggers.Count; i++)
            Check(string.Create(CultureInfo.InvariantCulture, $"{its.Triggers}[{i}]"), triggers[i], its, json, maxBytes);
    }

    private static void Check(string field, Trigger? trigger, Spelling its, JsonSerializerOptions json, int maxBytes)
    {
        if (trigger is null) throw new InvalidInputException(field, "is null; leave it out.");
        Names.Check($"{field}.{its.When}", trigger.When);
        Names.Check($"{field}.{its.Enqueue}", trigger.Enqueue);
        if (trigger.If is not null)
            CheckPath($"{field}.{its.If}", trigger.If);
        if (trigger.MaxDepth is < 1 or > 1000)
            throw new InvalidInputException($"{field}.{its.MaxDepth}", $"is {trigger.MaxDepth}; it must be from 1 to 1,000.");
        foreach ((string name, string path) in trigger.Fields ?? throw new InvalidInputException($"{field}.{its.Fields}", "is null; leave it out for none."))
        {
            Names.Check($"{field}.{its.Fields}", name);
            CheckPath($"{field}.{its.Fields}.{name}", path);
        }
        long bytes = 0;
        foreach ((string name, object? value) in trigger.Values ?? throw new InvalidInputException($"{field}.{its.Values}", "is null; leave it out for none."))
        {
            Names.Check($"{field}.{its.Values}", name);
            bytes += JsonText.Serialize($"{field}.{its.Values}.{name}", value, json, maxBytes, objectOnly: false).Length;
        }
        JsonText.CheckSize($"{field}.{its.Values}", bytes, maxBytes);
    }

    private static void CheckPath(string field, string? path)
    {
        if (string.IsNullOrEmpty(path)) throw new InvalidInputException(field, "is empty; give a path such as snapshot.data.changed or item.payload.notify.");
        if (path.Length > MaxPathLength) throw new InvalidInputException(field, $"is {path.Length:N0} characters long; the limit is {MaxPathLength:N0}.");
        Names.CheckText(field, path);
        if (!TriggerPath.IsValid(path))
            throw new InvalidInputException(
                field,
                $"\"{path}\" is no path; it must begin with snapshot.data or item.payload, with names between single dots, such as snapshot.data.changed."
            );
    }
}
