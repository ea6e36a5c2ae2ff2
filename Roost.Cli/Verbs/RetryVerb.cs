namespace Roost.Cli.Verbs;

/// <summary>Queues one dead letter again.</summary>
internal sealed class RetryVerb() : ChangeVerb("retry", "Queue a failed work item again, from its last snapshot and with fresh attempts.")
{
    protected override async Task<string> ChangeAsync(Call call, RoostRuntime roost, string workId)
    {
        await roost.RetryAsync(workId, call.Reason);
        return "queued";
    }
}
