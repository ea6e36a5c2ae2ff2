using System.Globalization;
using Roost.Samples.Takeover;

namespace Roost.Samples;

/// <summary>The command line was not understood.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The command line of the samples.</summary>
internal static class Usage
{
    public const string Text =
        """
        Usage: dotnet run --project Roost.Samples [-- <options or command>]

        Without a command: the demonstration. A worker process fetches a page over HTTP, is killed half-way,
        and a second worker carries on from the last saved snapshot.
          --url <address>     watch this http or https address; without it, a page that this program serves
          --claim <text>      the text to look for on the page
          --checks <number>   how many fetches, 2 to 100; default 4
          --delay <seconds>   the wait between two fetches, 0 to 60; default 0.5

        Commands:
          script [file]       enqueue with an idempotency key and run to the end; run it twice; default roost.db
          agent [file]        an agent with tools, whose worker is killed within a call and once more while it waits for
                              a person; with an account of which calls were made. Without a file: a temporary one
          approval            an item asks a person, its worker is killed while it waits, and another goes on
            --by-hand         with your answer, by the roost command in another terminal
          fanout <folder>     reads a folder by an item for each file, and joins what they find to a report
          waiting [file]      an order that waits for its payments, and is sent them; default roost.db
          desktop [file]      a window of GTK 3 with work that steps behind it; default roost.db. Ends with 3 where there is
                              no GTK or no display
          service [file]      a hosted service that steps work until it is stopped; default roost.db
          --help              this text
        """;

    public static DemonstrationOptions Parse(string[] args)
    {
        var options = new DemonstrationOptions();
        for (int i = 0; i < args.Length; i += 2)
        {
            string name = args[i];
            if (name is not ("--url" or "--claim" or "--checks" or "--delay")) throw new UsageException($"\"{name}\" is not known here.");
            if (i + 1 == args.Length) throw new UsageException($"{name} needs a value.");
            string value = args[i + 1];
            options = name switch
            {
                "--url" => options with { Url = value },
                "--claim" => options with { Claim = value },
                "--checks" => options with { Checks = (int)Number(name, value, 2, 100) },
                _ => options with { DelaySeconds = Number(name, value, 0, 60) },
            };
        }
        return options;
    }

    private static double Number(string name, string value, double least, double most) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= least && number <= most
            ? number
            : throw new UsageException($"{name} is \"{value}\"; give a number from {least} to {most}.");
}
