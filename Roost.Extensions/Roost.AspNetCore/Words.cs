using Roost.AspNetCore.Output;

namespace Roost.AspNetCore;

/// <summary>Numbers, names and commands as people read them.</summary>
internal static class Words
{
    /// <summary>The end of an id, where version-7 GUIDs differ.</summary>
    public static string Short(string id) => Guid.TryParse(id, out _) ? id[^8..] : id.Length <= 24 ? id : $"{id[..11]}…{id[^12..]}";

    /// <summary>A word as a POSIX shell takes it literally.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && word.All(letter => char.IsAsciiLetterOrDigit(letter) || "-_./:@%+=".Contains(letter, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>A line for a shell that does with one file what the page does.</summary>
    public static string Command(string verb, string path, params string[] arguments)
    {
        string end = arguments.Any(argument => argument.StartsWith('-')) ? " --" : "";
        return $"roost {verb} --db {Quote(path)}{end}{string.Concat(arguments.Select(argument => $" {Quote(argument)}"))}";
    }

    public static string Plural(long count, string one, string? many = null) => count == 1 ? $"1 {one}" : $"{Text.Number(count)} {many ?? one + "s"}";
}
