namespace Roost;

/// <summary>The answer to an enqueue.</summary>
/// <param name="Id">The id of the work item.</param>
/// <param name="Created">False where the idempotency key was known already and <paramref name="Id"/> is the item that has it.</param>
public readonly record struct EnqueueResult(string Id, bool Created)
{
    /// <summary>The id alone: <c>string id = await roost.EnqueueAsync(item)</c>.</summary>
    public static implicit operator string(EnqueueResult result) => result.Id;

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
