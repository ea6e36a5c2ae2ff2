using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Roost.AspNetCore;

/// <summary>Which dead letters an address or a form means.</summary>
public sealed record DeadLetterQuery(DeadLetterFilter Filter)
{
    private static readonly string[] Names = ["engine", "queue", "reason-is", "type", "error", "group", "until"];

    /// <summary>It means all of them.</summary>
    public bool IsEmpty => Fields.All(part => part.Value is null);

    /// <summary>The fields by the names that <see cref="Of"/> reads.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Fields =>
        Names.Zip(
            [
                Filter.Engine,
                Filter.Queue,
                Filter.Reason,
                Filter.ErrorType,
                Filter.Error,
                Filter.Group,
                Filter.FailedBefore?.ToString("O", CultureInfo.InvariantCulture),
            ],
            (name, value) => KeyValuePair.Create(name, value)
        );

    /// <summary>Reads it from an address or a form.</summary>
    public static DeadLetterQuery Of(Func<string, StringValues> read)
    {
        return new(
            new DeadLetterFilter
            {
                Engine = One(0),
                Queue = One(1),
                Reason = One(2),
                ErrorType = One(3),
                Error = One(4),
                Group = One(5),
                FailedBefore = Time(One(6)),
            }
        );

        string? One(int field) => read(Names[field]) is [{ Length: > 0 } value] ? value : null;

        static DateTimeOffset? Time(string? text) => text is null ? null
            : DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time) ? time
            : throw new InvalidInputException("until", "is no time as this console writes it into its own forms.");
    }

    /// <summary>Those that had failed by then, and none that fails later: what was counted is what is changed.</summary>
    public DeadLetterQuery Until(DateTimeOffset last) =>
        new(Filter with { FailedBefore = Filter.FailedBefore is { } before && before <= last ? before : last.AddMilliseconds(1) });

    /// <summary>The page that shows them and, where that is asked for, counts all of them.</summary>
    public string Address(bool counted = false)
    {
        List<KeyValuePair<string, string?>> fields = [.. Fields.Where(part => part.Value is not null)];
        if (fields.Count == 0) fields.Add(new("all", "1"));
        if (counted) fields.Add(new("count", "1"));
        return "/dead-letters" + QueryString.Create(fields);
    }
}
