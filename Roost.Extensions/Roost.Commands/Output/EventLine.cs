using System.Globalization;

namespace Roost.Commands.Output;

/// <summary>One event on one line.</summary>
internal static class EventLine
{
    public static string Of(WorkEvent one, Printer print)
    {
        string time = print.IsTerminal ? one.At.ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture) : Times.Exact(one.At);
        return $"{one.Sequence,6}  {time}  {print.Id(one.WorkId),-8}  {Text.Line(one.Kind),-16}  {(one.Data is { } data ? print.Compact(data) : "")}".TrimEnd();
    }
}
