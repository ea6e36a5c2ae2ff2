namespace Roost.AspNetCore.Output;

/// <summary>Pauses in words.</summary>
internal static class PauseWords
{
    /// <summary><c>engine mail is paused by ... until ...: ...</c></summary>
    public static string Of(PauseInfo pause) => $"{pause.Target} is {Shortly(pause)}";

    /// <summary>The same of what is known to be meant.</summary>
    public static string Shortly(PauseInfo pause) =>
        $"paused by {pause.By}{(pause.Until is { } until ? $" until {Times.Exact(until)}" : "")}: {pause.Reason}";

    /// <summary>As JSON has it.</summary>
    public static string NameOf(PauseScope scope) => scope.ToString().ToLowerInvariant();
}
