using System.Globalization;

namespace Roost.Commands.Output;

/// <summary>One event on one line.</summary>
internal static class EventLine
{
    public static string Of(WorkEvent one, Printer print)
    {
        string number = one.Sequence.ToString(CultureInfo.InvariantCulture);
        return Of(number, one.At, one.WorkId, one.Kind, one.Data is { } data ? print.Compact(data) : "", print);
    }

    /// <summary>Something that an item's running step has said, among its events.</summary>
    public static string Of(DateTimeOffset at, string workId, string what, string text, Printer print) => Of("", at, workId, what, text, print);

    private static string Of(string number, DateTimeOffset at, string? workId, string kind, string text, Printer print)
    {
        string time = print.IsTerminal ? at.ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) : Times.Exact(at);
        return $"{number,6}  {time}  {print.Id(workId),-8}  {Text.Line(kind),-16}  {text}".TrimEnd();
    }
}
