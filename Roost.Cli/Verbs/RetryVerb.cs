namespace Roost.Cli.Verbs;

/// <summary>Queues one dead letter again.</summary>
internal sealed class RetryVerb()
    : ChangeVerb("retry", "Queue a failed work item again, from its last snapshot and with fresh attempts; one that failed while it waited waits again.")
{
    protected override async Task<string> ChangeAsync(Call call, RoostRuntime roost, string workId)
    {
        await roost.RetryAsync(workId, call.Reason);
        call.Done = $"Work item {workId} was retried";
        return (await roost.GetAsync(workId, call.Stop)).Summary.State == WorkState.Waiting ? "waiting" : "queued";
    }
}
