using System.Text.Json.Nodes;
using Spectre.Console;
using Text = Roost.AspNetCore.Output.Text;

namespace Roost.Commands.Output;

/// <summary>Writes results: drawn tables to a terminal, plain columns with nothing shortened to anything else.</summary>
internal sealed class Printer
{
    /// <summary>A column that is this wide at most is never broken; a wider one holds a text, which needs the second width.</summary>
    private const int Word = 24, Sentence = 16;

    private readonly TextWriter output;
    private readonly Masking masking;
    private readonly IAnsiConsole? terminal;

    public Printer(TextWriter output, Masking masking)
    {
        this.output = Output = new WatchedOutput(output);
        this.masking = masking;
        if (ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected) terminal = AnsiConsole.Console;
    }

    public WatchedOutput Output { get; }

    public bool IsTerminal => terminal is not null;

    public IAnsiConsole Terminal => terminal ?? throw new InvalidOperationException("stdout is no terminal");

    /// <summary>False where --reveal was given.</summary>
    public bool IsMasking => masking.Keys.IsMasking;

    public SecretKeys Secrets => masking.Keys;

    public DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

    public Printer To(TextWriter other) => new(other, masking);

    public void Clear() => terminal?.Clear();

    /// <summary>Text that was cleaned already.</summary>
    public void Raw(string text) => output.Write(text);

    public void Line(string text = "") => output.WriteLine(Text.Lines(text));

    /// <summary>What would steer a terminal can only stand in a text of it, where it is written as the escape that means the same.</summary>
    public void Json(object? value, bool indented = true) =>
        output.WriteLine(Text.Lines(AspNetCore.Output.Json.Text(masking.Apply(AspNetCore.Output.Json.Node(value)), indented)));

    /// <summary>Stored JSON on one line, secrets masked.</summary>
    public string Compact(object? value) => Text.Line(AspNetCore.Output.Json.Text(Masked(value), indented: false));

    public string Pretty(object? value) => Text.Lines(AspNetCore.Output.Json.Text(Masked(value), indented: true));

    private JsonNode? Masked(object? value) => masking.ApplyToStored(AspNetCore.Output.Json.Node(value));

    /// <summary>A text that an engine or a person has written, secrets masked. Before it is shortened: half a secret is one, too.</summary>
    public string Hide(string? text) => masking.Hide(text);

    /// <summary>The last 8 characters of a generated id on a terminal, the whole elsewhere.</summary>
    public string Id(string? id) => id is null ? "" : IsTerminal && Guid.TryParse(id, out _) ? id[^8..] : Text.Line(id);

    /// <summary>When something happened: relative on a terminal, exact elsewhere.</summary>
    public string Time(DateTimeOffset? at) => at is not { } time ? "" : IsTerminal ? Times.PastRelative(time, Now) : Times.Exact(time);

    /// <summary>When something will happen.</summary>
    public string TimeAhead(DateTimeOffset at) => IsTerminal ? Times.Relative(at, Now) : Times.Exact(at);

    /// <summary>Names on the left, values on the right; what has no value is left out.</summary>
    public void Fields(params (string Name, string? Value)[] fields)
    {
        (string Name, string? Value)[] shown = [.. fields.Where(field => !string.IsNullOrEmpty(field.Value))];
        int width = shown.Length == 0 ? 0 : shown.Max(field => field.Name.Length);
        foreach ((string name, string? value) in shown)
        {
            string padded = name.PadRight(width + 2);
            string clean = Text.Lines(value).Replace("\n", "\n" + new string(' ', width + 2), StringComparison.Ordinal);
            if (terminal is null) output.WriteLine($"{padded}{clean}".TrimEnd());
            else terminal.MarkupLine($"[grey]{Markup.Escape(padded)}[/]{Markup.Escape(clean)}");
        }
    }

    public void Table(string[] heads, IEnumerable<string[]> rows, string empty)
    {
        string[][] clean = [.. rows.Select(row => Array.ConvertAll(row, Text.Line))];
        if (clean.Length == 0)
        {
            Console.Error.WriteLine(empty);
            return;
        }
        int[] widths = [.. heads.Select((head, i) => Math.Max(head.Length, clean.Max(row => row[i].Length)))];
        if (terminal is null || !Fits(terminal.Profile.Width, widths)) Columns(heads, clean, widths);
        else Draw(terminal, heads, clean, widths);
    }

    /// <summary>Where texts would be left a few letters a line, whole columns are better: the terminal breaks them at its edge.</summary>
    private static bool Fits(int width, int[] widths) => widths.Sum(each => (each <= Word ? each : Sentence) + 2) <= width;

    private void Columns(string[] heads, string[][] rows, int[] widths)
    {
        foreach (string[] row in rows.Prepend(heads))
            output.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }

    private static void Draw(IAnsiConsole terminal, string[] heads, string[][] rows, int[] widths)
    {
        Table table = new Table().Border(TableBorder.Simple).BorderColor(Color.Grey);
        for (int i = 0; i < heads.Length; i++)
        {
            var padding = new Padding(0, 0, i < heads.Length - 1 ? 1 : 0, 0);
            table.AddColumn(new TableColumn(new Markup($"[grey]{Markup.Escape(heads[i])}[/]")) { NoWrap = widths[i] <= Word, Padding = padding });
        }
        foreach (string[] row in rows) table.AddRow(row.Select(cell => new Markup($"[{ColourOf(cell)}]{Markup.Escape(cell)}[/]")));
        terminal.Write(table);
    }

    private static string ColourOf(string cell) => cell switch
    {
        "done" or "ok" or "alive" => "green",
        "failed" or "error" or "dead" => "red",
        "running" => "blue",
        "waiting" => "magenta",
        "cancelled" => "grey",
        "warning" => "yellow",
        _ => "default",
    };
}
