namespace Roost.AspNetCore.Output;

/// <summary>What an item waits for, in words.</summary>
internal static class WaitWords
{
    public static string Of(WaitInfo wait)
    {
        string[] things =
        [
            .. wait.AskId is { } id ? (string[])[$"an answer to question {id}"] : [],
            .. wait.Signals.Count > 0 ? (string[])[Names(wait.Signals)] : [],
            .. wait.Children is { } join ? (string[])[$"children ({join})"] : [],
        ];
        return things.Length == 0 ? "a time" : string.Join(", or ", things);
    }

    private static string Names(IReadOnlyList<string> signals) =>
        signals.Count == 1 ? $"the signal {signals[0]}" : $"the signals {string.Join(", ", signals.SkipLast(1))} or {signals[^1]}";
}
