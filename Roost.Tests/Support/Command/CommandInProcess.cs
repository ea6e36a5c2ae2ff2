using System.Text;
using Roost.Commands;
using Roost.Commands.Input;
using Roost.Samples.Demo;
using Roost.Samples.Watchlist;

namespace Roost.Tests.Support;

/// <summary>The roost command within the tests' process, for many runs. What it writes to the console is caught; it is never a terminal.</summary>
internal static class CommandInProcess
{
    public static async Task<CommandResult> RunAsync(
        string[] arguments,
        string input = "",
        TimeSpan? patience = null,
        Action<RoostRuntime>? addEngines = null,
        TextWriter? output = null,
        TextWriter? error = null
    )
    {
        TextWriter writer = Console.Out, former = Console.Error;
        TextReader reader = Console.In;
        Func<Stream> open = StandardInput.Open;
        using var stop = new CancellationTokenSource(patience ?? Gate.Patience);
        using StringWriter said = new(), complained = new();
        using var given = new StringReader(input);
        try
        {
            Console.SetOut(output ?? said);
            Console.SetError(error ?? complained);
            Console.SetIn(given);
            StandardInput.Open = () => new MemoryStream(Encoding.UTF8.GetBytes(input));
            int code = await RoostCommand.RunAsync(arguments, addEngines ?? AddSamples, stop.Token).WaitAsync(Gate.Patience + Gate.Patience);
            return new(code, said.ToString(), (error ?? complained).ToString() ?? "");
        }
        finally
        {
            Console.SetOut(writer);
            Console.SetError(former);
            Console.SetIn(reader);
            StandardInput.Open = open;
        }
    }

    /// <summary>As the installed command does.</summary>
    private static void AddSamples(RoostRuntime roost) => roost.AddEngine(new DemoEngine()).AddEngine(new WatchlistEngine());
}
