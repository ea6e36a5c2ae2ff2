namespace Roost.Cli;

/// <summary>Options that may be repeated or hold several values with commas between.</summary>
internal static class Lists
{
    public static string[] Split(IEnumerable<string>? values) =>
        [.. (values ?? []).SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).Distinct(StringComparer.Ordinal)];
}
