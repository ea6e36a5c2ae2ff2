using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Runtime.InteropServices;
using Roost.Commands.Input;

namespace Roost.Commands;

/// <summary>The <c>roost</c> command, also for a host's own program, which gets all verbs with its own engines by one call.</summary>
public static class RoostCommand
{
    private static readonly TimeSpan CursorPatience = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// Parses the arguments and runs the verb that they name. SIGINT, SIGTERM and SIGHUP end it; a second SIGINT or SIGTERM ends the process at once,
    /// and what a worker had running is given back. SIGHUP is left alone where the process was started to ignore it, as by nohup.
    /// </summary>
    /// <param name="args">The arguments of the program.</param>
    /// <param name="addEngines">Registers the host's engines. Default: none; a worker then names an assembly.</param>
    /// <param name="cancellationToken">Ends the verb as the first Ctrl-C does.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args, Action<RoostRuntime>? addEngines = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        int signals = 0;
        using PosixSignalRegistration onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
            onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration? onHangup = IgnoresHangup() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        // @file is a payload's file here, no list of arguments.
        ParseResult parsed = new Root(addEngines ?? (_ => { })).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction wrong) return Explain(parsed, wrong);
        return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);

        void Stop(PosixSignalContext received)
        {
            received.Cancel = true;
            if (Interlocked.Increment(ref signals) > 1)
            {
                if (received.Signal == PosixSignal.SIGHUP) return; // A terminal that is closed sends it more than once.
                // The live view of a worker hides it; a terminal that was stopped does not take even that.
                if (!Console.IsOutputRedirected) Task.Run(() => Console.CursorVisible = true).Wait(CursorPatience, CancellationToken.None);
                Environment.Exit(ExitCodes.Interrupted);
            }
            stop.Cancel();
        }
    }

    /// <summary>Whoever started this wants it to go on when the terminal is closed.</summary>
    private static bool IgnoresHangup()
    {
        const string Status = "/proc/self/status", Ignored = "SigIgn:";
        if (!File.Exists(Status)) return false;
        string? line = File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Ignored, StringComparison.Ordinal));
        return line is not null && (ulong.Parse(line.AsSpan(Ignored.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1) != 0;
    }

    private static int Explain(ParseResult parsed, ParseErrorAction wrong)
    {
        if (parsed.Tokens.Count == 0)
        {
            using var text = new StringWriter();
            wrong.ShowHelp = true;
            parsed.Invoke(new InvocationConfiguration { Output = text, Error = text });
            Console.Error.Write(Text.Lines(text.ToString()));
        }
        else Console.Error.WriteLine(Text.Lines(Mistake.Of(parsed)));
        Console.Error.WriteLine($"\"{parsed.CommandResult.Command.Path()} --help\" shows how.");
        return ExitCodes.Usage;
    }
}
