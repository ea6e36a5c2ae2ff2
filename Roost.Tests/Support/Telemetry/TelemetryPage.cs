namespace Roost.Tests.Support;

/// <summary>The tables of docs/telemetry.md.</summary>
internal static class TelemetryPage
{
    public static string Text { get; } = File.ReadAllText(SourceTree.PathOf("docs", "telemetry.md")).ReplaceLineEndings("\n");

    /// <summary>The rows of the table whose head begins so.</summary>
    public static IEnumerable<string> RowsBelow(string head) => Text.Split('\n')
        .SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|'));

    /// <summary>The same by their cells.</summary>
    public static IEnumerable<string[]> CellsBelow(string head) => RowsBelow(head).Select(row => row.Trim('|').Split('|', StringSplitOptions.TrimEntries));

    /// <summary>What stands in a cell between back quotes.</summary>
    public static string[] Names(string cell) => [.. cell.Split('`').Where((_, i) => i % 2 == 1)];

    /// <summary>An instrument's line of its table.</summary>
    public sealed record Instrument(string Name, string Kind, string Unit, string Attributes);

    public static List<Instrument> Instruments() => [.. CellsBelow("| instrument |").Select(cells =>
        new Instrument(Names(cells[0]).Single(), cells[1], Names(cells[2]).Single(), string.Join(' ', Names(cells[3]).Order())))];
}
