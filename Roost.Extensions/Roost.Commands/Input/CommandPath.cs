using System.CommandLine;

namespace Roost.Commands.Input;

/// <summary>A verb as it is typed.</summary>
internal static class CommandPath
{
    /// <summary>From the root on, such as <c>roost artifacts cat</c>.</summary>
    public static string Path(this Command verb) =>
        verb is RootCommand || verb.Parents.OfType<Command>().FirstOrDefault() is not { } above ? "roost" : $"{above.Path()} {verb.Name}";
}
