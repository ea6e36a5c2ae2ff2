using System.Diagnostics;

namespace Roost.Tests.Support;

/// <summary>A host whose engine gives up at once, and whose process dies the first time that it is told of an end.</summary>
internal static class TellingHost
{
    public static async Task<int> RunAsync(string path)
    {
        CancellationToken end = ChildProgram.UntilInputEnds();
        RoostOptions options = ChildVerbs.Options(path) with { EndedTimeout = TimeSpan.FromSeconds(1), StepTimeoutGrace = TimeSpan.Zero };
        await using RoostRuntime roost = new RoostRuntime(options).AddEngine(new Telling());
        await roost.RunAsync(end);
        return 0;
    }

    private sealed class Telling : Engine<int>
    {
        public override string EngineId => "telling";

        protected override int Init(WorkItem item) => 0;

        protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(Fail("no"));

        protected override Task OnEndedAsync(int state, EndContext context)
        {
            ChildProgram.Say($"told {context.Attempt} {context.IdempotencyKey}");
            if (context.Attempt == 1) Process.GetCurrentProcess().Kill();
            return Task.CompletedTask;
        }
    }
}
