using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>
    /// What the steps of an item have recorded of their effects, the first first: for as long as the version that a step made is kept, and of the step that has
    /// not ended.
    /// </summary>
    /// <param name="workId">The id of the item.</param>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="Page{T}.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The limit or the cursor breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public Task<Page<EffectInfo>> ListEffectsAsync(
        string workId, int limit = 50, string? cursor = null, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        Selection.CheckLimit(limit);
        return Readable.EffectsAsync(workId, limit, cursor, cancellationToken);
    }
}
