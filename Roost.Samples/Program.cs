using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Roost;
using Roost.Samples;
using Roost.Samples.Agent;
using Roost.Samples.Approval;
using Roost.Samples.Desktop;
using Roost.Samples.Fanout;
using Roost.Samples.Takeover;

using var interrupted = new CancellationTokenSource();
using PosixSignalRegistration onInterrupt = StopOn(PosixSignal.SIGINT), onTerminate = StopOn(PosixSignal.SIGTERM);
try
{
    switch (args)
    {
        case ["--help" or "-h" or "help", ..] or [.., "--help" or "-h"]:
            Console.WriteLine(Usage.Text);
            return 0;
        case ["script"] or ["script", _]:
            await Script.RunAsync(args.ElementAtOrDefault(1) ?? "roost.db");
            return 0;
        case ["waiting"] or ["waiting", _]:
            await Waiting.RunAsync(args.ElementAtOrDefault(1) ?? "roost.db");
            return 0;
        case ["service"] or ["service", _]:
            using (IHost host = Service.CreateHost(args.ElementAtOrDefault(1) ?? "roost.db")) await host.RunAsync(interrupted.Token);
            return 0;
        case ["approval"] or ["approval", "--by-hand"]:
            await new ApprovalDemonstration(byHand: args.Length > 1, Console.Out).RunAsync(interrupted.Token);
            return 0;
        case [not "approval", ['-', ..] option, ..] when !args[0].StartsWith('-'):
            throw new UsageException($"\"{option}\" is not known here.");
        case ["agent"] or ["agent", _]:
            await new AgentDemonstration(args.ElementAtOrDefault(1), Console.Out).RunAsync(interrupted.Token);
            return 0;
        case ["desktop"] or ["desktop", _]:
            DesktopDemonstration.Run(args.ElementAtOrDefault(1) ?? "roost.db", Console.Out, interrupted.Token);
            return 0;
        case ["script" or "waiting" or "service" or "approval" or "agent" or "desktop", ..]:
            throw new UsageException($"\"{args[0]}\" takes one argument at most.");
        case ["fanout", var folder]:
            await FanoutDemonstration.RunAsync(folder, Console.Out, interrupted.Token);
            return 0;
        case ["fanout", ..]:
            throw new UsageException("fanout needs one folder.");
        case [WorkerProcess.Command, var file]:
            await WorkerProcess.ServeAsync(file, interrupted.Token);
            return 0;
        default:
            await new Demonstration(Usage.Parse(args), Console.Out).RunAsync(interrupted.Token);
            return 0;
    }
}
catch (UsageException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{Usage.Text}");
    return 2;
}
catch (NoDesktopException e)
{
    Console.Error.WriteLine(e.Message);
    return 3;
}
catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
{
    Console.Error.WriteLine("Interrupted.");
    return 130;
}
catch (Exception e) when (e is RoostException or DemonstrationFailedException or TimeoutException)
{
    Console.Error.WriteLine($"Failed: {e.Message}");
    return 1;
}

PosixSignalRegistration StopOn(PosixSignal signal) => PosixSignalRegistration.Create(signal, received =>
{
    received.Cancel = true;
    interrupted.Cancel();
});
