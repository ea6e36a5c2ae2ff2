namespace Roost.Commands.Output;

/// <summary>What happens while a worker runs, a line each.</summary>
internal sealed class WorkerLines(RoostRuntime roost, Printer print)
{
    public async Task RunAsync(long since, CancellationToken stop)
    {
        print.Line(
            $"worker on {roost.Path}: engines {string.Join(", ", roost.EngineIds)}; queues " +
            $"{string.Join(", ", roost.Options.Queues ?? [WorkItem.DefaultQueue])}; concurrency {roost.Options.Concurrency}"
        );
        try
        {
            await foreach (WorkEvent one in roost.WatchEventsAsync(after: since, cancellationToken: stop)) since = Show(one);
        }
        catch (OperationCanceledException)
        {
            foreach (WorkEvent one in (await roost.ListEventsAsync(after: since, limit: 10_000, cancellationToken: CancellationToken.None)).Items) Show(one);
        }
    }

    private long Show(WorkEvent one)
    {
        print.Line(EventLine.Of(one, print));
        return one.Sequence;
    }
}
