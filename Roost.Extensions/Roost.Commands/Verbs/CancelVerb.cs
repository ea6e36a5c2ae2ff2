namespace Roost.Commands.Verbs;

/// <summary>Cancels a work item.</summary>
internal sealed class CancelVerb() : ChangeVerb(
    "cancel",
    "Cancel a work item: at once where it is queued or waits, else its step is asked to stop. Its children that are not detached are cancelled with it.")
{
    protected override async Task<string> ChangeAsync(Call call, RoostRuntime roost, string workId)
    {
        if (!await roost.CancelAsync(workId, call.Reason))
        {
            WorkDetail item = await roost.GetAsync(workId, call.Stop);
            throw new ConflictException(
                $"Work item {workId} is {item.Summary.State.Name()} already{(item.Summary.EndedAt is { } at ? $", since {Times.Exact(at)}" : "")}; only " +
                $"work that has not ended can be cancelled."
            );
        }
        call.Done = $"Work item {workId} was cancelled, or its step was asked to stop";
        return (await roost.GetAsync(workId, call.Stop)).Summary.State == WorkState.Cancelled ? "cancelled" : "cancel requested";
    }
}
