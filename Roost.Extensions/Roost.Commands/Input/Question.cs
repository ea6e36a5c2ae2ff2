namespace Roost.Commands.Input;

/// <summary>Asks a person, where there is one; who is redirected says no.</summary>
internal static class Question
{
    public static bool Ask(string text)
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected) return false;
        Console.Error.Write($"{text} [y/N] ");
        return Console.ReadLine()?.Trim().ToUpperInvariant() is "Y" or "YES";
    }
}
