namespace Roost.Cli;

/// <summary>Asks a person, where there is one; who is redirected says no.</summary>
internal static class Question
{
    public static bool Ask(string text)
    {
        if (System.Console.IsInputRedirected || System.Console.IsOutputRedirected) return false;
        System.Console.Error.Write($"{text} [y/N] ");
        return System.Console.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }
}
