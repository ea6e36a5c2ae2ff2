namespace Roost.Commands.Verbs;

/// <summary>Queues one dead letter again.</summary>
internal sealed class RetryVerb : ChangeVerb
{
    private readonly StateOptions state;

    public RetryVerb() : this(new()) { }

    private RetryVerb(StateOptions state)
        : base("retry", "Queue a failed work item again, from its last snapshot or another state, and with fresh attempts.", state.All) =>
        this.state = state;

    protected override async Task<string> ChangeAsync(Call call, RoostRuntime roost, string workId)
    {
        state.Check(call);
        if (state.IsGiven(call)) await state.RetryAsync(call, roost, workId);
        else await roost.RetryAsync(workId, call.Reason);
        call.Done = $"Work item {workId} was retried";
        return (await roost.GetAsync(workId, call.Stop)).Summary.State == WorkState.Waiting ? "waiting" : "queued";
    }
}
