namespace Roost.Cli.Output;

/// <summary>What an item waits for, in words.</summary>
internal static class WaitWords
{
    public static string Of(WaitInfo wait)
    {
        string ask = wait.AskId is { } id ? $"an answer to question {id}" : "";
        return (ask, wait.Signals) switch
        {
            ("", []) => "a time",
            ("", { } signals) => Names(signals),
            (_, []) => ask,
            (_, { } signals) => $"{ask}, or {Names(signals)}",
        };
    }

    private static string Names(IReadOnlyList<string> signals) =>
        signals.Count == 1 ? $"the signal {signals[0]}" : $"the signals {string.Join(", ", signals.SkipLast(1))} or {signals[^1]}";
}
