namespace Roost.Cli.Output;

/// <summary>What an item waits for, in words.</summary>
internal static class WaitWords
{
    public static string Of(WaitInfo wait) => wait.Signals switch
    {
        [] => "a time",
        [{ } one] => $"the signal {one}",
        _ => $"the signals {string.Join(", ", wait.Signals.SkipLast(1))} or {wait.Signals[^1]}",
    };
}
