using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>
    /// Pauses an item, an engine, a queue or the file, in all processes: from here on nothing of it is claimed, and nobody keeps a lease into it; a step that
    /// runs finishes. Everything else goes on underneath: delays and waits become due, signals and answers come, deadlines count, and cancelling works at once.
    /// What a paused item holds for a step goes to others, what it holds for life stays. A pause of an item ends with the item; its children are items of
    /// their own, and go on. Pausing again what is paused changes reason, person and end.
    /// </summary>
    /// <param name="target">What to pause.</param>
    /// <param name="reason">Why, for whoever wonders and for the events; 1 to 1,000 characters.</param>
    /// <param name="by">Who pauses it; 1 to 256 characters.</param>
    /// <param name="until">When the pause ends by itself; in the future, kept to the millisecond. Default: it lasts until <see cref="ResumeAsync"/>.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <returns>False where it was paused already; that pause is this one now.</returns>
    /// <exception cref="InvalidInputException">A field breaks a rule, or the end is not in the future; nothing was written.</exception>
    /// <exception cref="NotFoundException">There is no such item; or no item of such an engine or queue, and no worker that serves it.</exception>
    /// <exception cref="ConflictException">The item has ended.</exception>
    public async Task<bool> PauseAsync(
        PauseTarget target, string reason, string by, DateTimeOffset? until = null, CancellationToken cancellationToken = default)
    {
        var pause = NewPause.Check(target, reason, by, until, Now);
        cancellationToken.ThrowIfCancellationRequested();
        return await Changeable.PauseAsync(target, pause).ConfigureAwait(false);
    }

    /// <summary>
    /// Ends a pause, in all processes: an item that was ready stands where it stood before. What is also paused otherwise, as an item whose queue is paused,
    /// stays so by that.
    /// </summary>
    /// <param name="target">What to resume: exactly what was paused.</param>
    /// <param name="by">Who resumes it, for the events; 1 to 256 characters.</param>
    /// <param name="reason">Why, for the events; at most 1,000 characters. Default none.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <returns>False where it was not paused.</returns>
    /// <exception cref="InvalidInputException">A field breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public async Task<bool> ResumeAsync(PauseTarget target, string by, string? reason = null, CancellationToken cancellationToken = default)
    {
        NewPause.CheckResume(target, by, reason);
        cancellationToken.ThrowIfCancellationRequested();
        return await Changeable.ResumeAsync(target, by, reason).ConfigureAwait(false);
    }

    /// <summary>What is paused: the longest paused first.</summary>
    /// <param name="scope">Pauses of the file, of engines, of queues or of items alone. Default: all.</param>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="Page{T}.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The scope, the limit or the cursor breaks a rule.</exception>
    public Task<Page<PauseInfo>> ListPausesAsync(
        PauseScope? scope = null, int limit = 50, string? cursor = null, CancellationToken cancellationToken = default)
    {
        if (scope is { } given && !Enum.IsDefined(given)) throw new InvalidInputException("scope", $"{(int)given} is no scope of a pause.");
        Selection.CheckLimit(limit);
        return Readable.PausesAsync(scope, limit, cursor, cancellationToken);
    }
}
