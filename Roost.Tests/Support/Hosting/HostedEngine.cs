namespace Roost.Tests.Support;

/// <summary>Counts what containers make for steps and take away again.</summary>
internal sealed class Visits
{
    public int Made, Disposed, Running, Early;
}

/// <summary>A scoped service, as a database context would be: it can be disposed asynchronously alone.</summary>
internal sealed class Visit : IAsyncDisposable
{
    private readonly Visits all;

    public Visit(Visits all)
    {
        this.all = all;
        Interlocked.Increment(ref all.Made);
    }

    public bool IsDisposed { get; private set; }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        if (Volatile.Read(ref all.Running) > 0) Interlocked.Increment(ref all.Early);
        Interlocked.Increment(ref all.Disposed);
        return ValueTask.CompletedTask;
    }
}

/// <summary>What the test does in a step.</summary>
internal sealed class HostedStep(Func<Visit, int, StepContext, Task<Outcome>> run)
{
    public static HostedStep From(Func<int, StepContext, Outcome> step) => new((_, state, context) => Task.FromResult(step(state, context)));

    public Task<Outcome> RunAsync(Visit visit, int state, StepContext context) => run(visit, state, context);
}

/// <summary>An engine whose services come from a container.</summary>
internal sealed class HostedEngine(Visits visits, Visit visit, HostedStep step) : Engine<int>
{
    public override string EngineId => "hosted";

    protected override int Init(WorkItem item) => 0;

    protected override async Task<Outcome> StepAsync(int state, StepContext context)
    {
        Interlocked.Increment(ref visits.Running);
        try
        {
            return await step.RunAsync(visit, state, context);
        }
        finally
        {
            Interlocked.Decrement(ref visits.Running);
        }
    }
}

/// <summary>Another engine of the same id.</summary>
internal sealed class ImpostorEngine : Engine<int>
{
    public override string EngineId => "hosted";

    protected override int Init(WorkItem item) => 0;

    protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(Done(state));
}
