using System.Text;

namespace Roost.AspNetCore.Input;

/// <summary>
/// The library speaks to whoever writes a program with it, of its members. A user of the command or the console knows verbs and options, and is
/// told those.
/// </summary>
internal static class CommandWords
{
    private static readonly (string Library, string Command)[] Phrases =
    [
        ("Call AdoptAsync to make it a file of its own", "\"roost adopt\" makes it a file of its own"),
        (", or set RoostOptions.AllowNetworkFileSystem", ""),
        (" (RoostOptions.MaxJsonBytes)", ""),
        (" JSON text goes through WorkItem.FromJson.", ""),
        (" A test takes RoostRuntime.CreateTemporary(), which deletes its file on dispose.", ""),
        ("No engine is registered; call AddEngine before the loop.", "This program brings no engine along; name one by --assembly."),
        ("; give AddEngines a function that makes it.", "; --assembly makes only engines that have one."),
        ("; call AddEngine first, or ", "; name it by --assembly, or "),
        ("call WaitAsync to wait", "use \"roost wait\" to wait"),
        ("; name the queue in RoostOptions.Queues, or ", "; name the queue by --queues, or "),
        (
            "Await the call that runs (a timer that calls StepOnceAsync, say), or use WaitAsync to wait for an item that the running loop steps.",
            "\"roost wait\" waits for an item that the running loop steps."
        ),
        ("give the Next of the page before", "give the next of the page before"),
        ("ListHistoryAsync lists", "\"roost history\" lists"),
        ("GetAsync says", "\"roost status\" says"),
        ("ReadArtifactAsync reads", "one piece may be"),
        ("Stream it by OpenArtifactAsync.", "\"roost artifacts save\" makes a file of it."),
        (" Set workspaces.root to ", " Give --workspace-root "),
        ("leave workspaces.repository out", "leave --repository out"),
        ("give workspaces.repository too", "give --repository too"),
    ];

    /// <summary>Fields of the library whose option has another name.</summary>
    private static readonly Dictionary<string, string> Options = new(StringComparer.Ordinal)
    {
        ["max_attempts"] = "--retries",
        ["step_timeout"] = "--timeout",
        ["parent_id"] = "--parent",
        ["signal_id"] = "--id",
        ["resources"] = "--resource",
        ["resource_hold"] = "--hold",
        ["hosts"] = "--host",
        ["workspaces.root"] = "--workspace-root",
        ["workspaces.mode"] = "--workspace-mode",
        ["workspaces.repository"] = "--repository",
        ["workspaces.base_revision"] = "--base-revision",
    };

    public static string Of(string message)
    {
        foreach ((string library, string command) in Phrases) message = message.Replace(library, command, StringComparison.Ordinal);
        return message;
    }

    /// <summary>The same of an exception, and a field by the option of the verb that gave it, else as JSON spells it.</summary>
    public static string Of(Exception error, Func<string, bool>? hasOption = null) =>
        Of(error is InvalidInputException { Field: { Length: > 0 } field } ? Name(field, hasOption) + error.Message[field.Length..] : error.Message);

    /// <summary>A field of the library as JSON and forms spell it.</summary>
    public static string FieldOf(string field) => SnakeCase(field);

    private static string Name(string field, Func<string, bool>? hasOption)
    {
        if (field == "workId") return "id"; // The argument, whatever option of that name there is.
        string snake = SnakeCase(field);
        string option = Options.GetValueOrDefault(snake) ?? $"--{snake.Replace('_', '-')}";
        return hasOption?.Invoke(option) == true ? option : snake;
    }

    /// <summary>The library names its members and parameters.</summary>
    private static string SnakeCase(string field)
    {
        var snake = new StringBuilder();
        for (int i = 0; i < field.Length; i++)
        {
            if (char.IsAsciiLetterUpper(field[i]) && i > 0 && field[i - 1] != '.') snake.Append('_');
            snake.Append(char.ToLowerInvariant(field[i]));
        }
        return snake.ToString();
    }
}
