namespace Roost.Commands.Input;

/// <summary>What is piped into the command, as the bytes that it is: a reader of text would replace those that are no text and not say so.</summary>
internal static class StandardInput
{
    /// <summary>Opens it. Tests that run the command in their own process give it another.</summary>
    public static Func<Stream> Open { get; set; } = Console.OpenStandardInput;
}
