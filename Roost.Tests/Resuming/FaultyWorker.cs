using System.Diagnostics;
using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// A worker of healthy items, whose other engines are broken for good: one kills its process, one hangs, one holds threads, one asks nobody, one waits.
/// </summary>
internal static class FaultyWorker
{
    public const string Healthy = "healthy", Dies = "dies", Hangs = "hangs", Blocks = "blocks", Asks = "asks", Waits = "waits";

    public const int Slots = 8, MailboxSize = 10;

    /// <summary>What an item that is healthy has to do.</summary>
    public sealed record Work(int Steps, int StepMs);

    private sealed class Working : Engine<int>
    {
        public override string EngineId => Healthy;

        protected override int Init(WorkItem item) => 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            Work work = context.Item.PayloadAs<Work>();
            await Task.Delay(work.StepMs, context.CancellationToken); // What it does outside.
            return state + 1 == work.Steps ? Done(state + 1) : Continue(state + 1);
        }
    }

    /// <summary>What fails is tried again as often and as soon as it is where nobody says otherwise.</summary>
    public static RoostOptions Options(string path, int maxInterruptions) => new()
    {
        Path = path,
        Concurrency = Slots,
        MaxInterruptions = maxInterruptions,
        MaxSignals = MailboxSize,
        StepTimeoutGrace = TimeSpan.FromMilliseconds(100),
        DrainTime = TimeSpan.FromSeconds(1),
    };

    /// <summary>Works until its input ends or it dies.</summary>
    public static async Task<int> RunAsync(string path, int maxInterruptions)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        await using RoostRuntime roost = new RoostRuntime(Options(path, maxInterruptions))
            .AddEngine(new Working())
            .AddEngine(ScriptedEngine.From((state, _) =>
            {
                Process.GetCurrentProcess().Kill();
                return ScriptedEngine.Finish(state);
            }, Dies))
            .AddEngine(new ScriptedEngine(async (state, _) =>
            {
                await new TaskCompletionSource().Task; // It never ends, whatever its token says.
                return ScriptedEngine.Finish(state);
            }, Hangs)
            { Timeout = TimeSpan.FromMilliseconds(300) })
            .AddEngine(ScriptedEngine.From((state, _) =>
            {
                Thread.Sleep(200); // It holds its thread.
                return ScriptedEngine.GoOn(state + 1);
            }, Blocks))
            .AddEngine(ScriptedEngine.From((state, _) => Outcome.WaitFor(state, new Wait { Ask = new("Who answers?") }), Asks))
            .AddEngine(ScriptedEngine.From((state, _) => Outcome.WaitFor(state, new Wait { Signals = ["never sent"] }), Waits));
        ChildProgram.Say("open");
        await roost.RunAsync(end);
        return 0;
    }
}
