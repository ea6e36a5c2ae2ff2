using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Roost.Execution;
using Roost.Stores;
using Roost.Writing;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>How many dead letters one transaction retries or discards, so that other writes get their turn.</summary>
    private const int DeadLettersAtOnce = 500;

    /// <summary>Dead letters, last failed first.</summary>
    /// <param name="filter">Which. Default: all.</param>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="Page{T}.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The limit, the cursor or a field of the filter breaks a rule.</exception>
    public Task<Page<DeadLetter>> ListDeadLettersAsync(
        DeadLetterFilter? filter = null,
        int limit = 50,
        string? cursor = null,
        CancellationToken cancellationToken = default
    )
    {
        Selection.CheckLimit(limit);
        var selection = Selection.Of(filter ?? new());
        return Readable.DeadLettersAsync(selection, limit, cursor, cancellationToken);
    }

    /// <summary>Dead letters that failed alike, the largest group first. Their counts are kept, so that this costs the same however many there are.</summary>
    /// <param name="limit">How many groups at most; 1 to 1,000. Default 50.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The limit is out of range.</exception>
    public Task<DeadLetterGroupList> ListDeadLetterGroupsAsync(int limit = 50, CancellationToken cancellationToken = default)
    {
        Selection.CheckLimit(limit);
        return Readable.DeadLetterGroupsAsync(limit, cancellationToken);
    }

    /// <summary>
    /// How many dead letters a filter means: those that <see cref="RetryAllAsync"/> or <see cref="DiscardAllAsync"/> would change now. It looks at each of
    /// them.
    /// </summary>
    /// <param name="filter">Which; an empty filter means all of them.</param>
    /// <param name="cancellationToken">Ends the counting.</param>
    /// <exception cref="InvalidInputException">A field of the filter breaks a rule.</exception>
    public async Task<long> CountDeadLettersAsync(DeadLetterFilter filter, CancellationToken cancellationToken = default) =>
        (await Readable.FindDeadLettersAsync(Selection.Of(filter), cancellationToken).ConfigureAwait(false)).Count;

    /// <summary>One dead letter with its stack trace, the exceptions within its error and the snapshot that a retry goes on from.</summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is no dead letter.</exception>
    public async Task<DeadLetter> GetDeadLetterAsync(string workId, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        DeadLetter found = await Readable.DeadLetterAsync(workId, cancellationToken).ConfigureAwait(false);
        return found with { Snapshot = Told(found.Snapshot) };
    }

    /// <summary>Queues a dead letter again from its last snapshot, with fresh attempts.</summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is no dead letter.</exception>
    [OverloadResolutionPriority(1)] // Null is no state.
    public Task RetryAsync(string workId, string? reason = null, CancellationToken cancellationToken = default) =>
        ChangeDeadLetterAsync(workId, DeadLetterChange.Retry, reason, cancellationToken);

    /// <summary>
    /// Queues a dead letter again from its last snapshot, with fresh attempts, as if its step had never been tried: what it has recorded of its effects is
    /// dropped, and each of its keys is another. Calls that have been made are made again.
    /// </summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is no dead letter.</exception>
    public Task RetryFreshAsync(string workId, string? reason = null, CancellationToken cancellationToken = default) =>
        ChangeDeadLetterAsync(workId, DeadLetterChange.RetryFresh, reason, cancellationToken);

    /// <summary>
    /// Queues a dead letter again from a state that is given, with fresh attempts: it becomes the next version, with an event (<see
    /// cref="EventKinds.Edited"/>) that says what changed, in the transaction that queues the item. Where its engine is registered in this runtime and the
    /// stored state has the engine's present shape, the state is read and checked as one that a step returns, and a member that its type does not have is
    /// refused; elsewhere it must be JSON. An item whose first state was never made gets it so, where its engine is registered.
    /// </summary>
    /// <param name="workId">The dead letter.</param>
    /// <param name="state">The whole state; at most <see cref="RoostOptions.MaxJsonBytes"/>.</param>
    /// <param name="expectedVersion">The version that the state was made of; 0 before the first. Default: whichever there is.</param>
    /// <param name="reason">Why, for the events; at most 1,000 characters. Default none.</param>
    /// <param name="cancellationToken">Asked before the change is handed over.</param>
    /// <exception cref="InvalidInputException">The state is none of the engine's, no JSON or too large; nothing was written.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is no dead letter, or is at another version; nothing was written.</exception>
    public async Task RetryAsync(
        string workId,
        JsonEdit state,
        int? expectedVersion = null,
        string? reason = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(state);
        CheckChange(workId, reason);
        if (expectedVersion < 0) throw new InvalidInputException("expectedVersion", $"is {expectedVersion}; the first version is 1, and 0 means none yet.");
        DeadLetter letter = await Readable.DeadLetterAsync(workId, cancellationToken).ConfigureAwait(false);
        if (expectedVersion is { } expected && expected != letter.Item.Version)
            throw new ConflictException($"Work item {workId} is at version {letter.Item.Version}, not {expected}; look at what it is now.");
        cancellationToken.ThrowIfCancellationRequested();
        StateEdit edit = Edited(letter, await Readable.StateVersionAsync(workId, cancellationToken).ConfigureAwait(false), state);
        await Changeable.RetryAsync(workId, edit, reason).ConfigureAwait(false);
    }

    private StateEdit Edited(DeadLetter letter, int shape, JsonEdit state)
    {
        EngineEntry? engine = engines.Find(letter.Item.Engine);
        if (shape == 0)
            shape = engine?.Facts.StateVersion
                ?? throw new InvalidInputException(
                    "state",
                    $"is the first of work item {letter.Item.Id}, and engine \"{letter.Item.Engine}\" is not registered in this runtime, so that nobody can " +
                    $"say in which shape; register it, or run the item again with another payload."
                );
        byte[] utf8 = JsonText.Serialize("state", state.Given, engine?.Json ?? Options.Json, Options.MaxJsonBytes, objectOnly: false);
        if (engine is { State: { } type } && engine.Facts.StateVersion == shape) utf8 = type.Rewrite(utf8, Options.MaxJsonBytes);
        int version = letter.Item.Version + 1;
        string step = letter.Item.Step ?? "init";
        byte[] told = JsonChanges.Told(json =>
        {
            json.WriteNumber("version", version);
            json.WriteString("step", step);
        }, letter.Snapshot?.Data, JsonText.Parse(utf8));
        return new(letter.Item.Version, shape, step, utf8, SHA256.HashData(utf8), told);
    }

    /// <summary>Gives a dead letter up: it becomes cancelled, and purge may remove it.</summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is no dead letter.</exception>
    public Task DiscardAsync(string workId, string? reason = null, CancellationToken cancellationToken = default) =>
        ChangeDeadLetterAsync(workId, DeadLetterChange.Discard, reason, cancellationToken);

    /// <summary>
    /// Queues all dead letters that a filter means, as <see cref="RetryAsync(string, string?, CancellationToken)"/> does, the longest failed first. What fails
    /// meanwhile is not touched.
    /// </summary>
    /// <param name="filter">Which; an empty filter means all of them.</param>
    /// <param name="reason">Why, for the events; at most 1,000 characters. Default none.</param>
    /// <param name="cancellationToken">Stops between two transactions of 500; what was retried stays so.</param>
    /// <returns>How many were queued.</returns>
    /// <exception cref="InvalidInputException">A field of the filter breaks a rule.</exception>
    public Task<int> RetryAllAsync(DeadLetterFilter filter, string? reason = null, CancellationToken cancellationToken = default) =>
        ChangeAllAsync(filter, DeadLetterChange.Retry, reason, cancellationToken);

    /// <summary>
    /// Gives all dead letters up that a filter means, as <see cref="DiscardAsync"/> does, the longest failed first. What fails meanwhile is not touched.
    /// </summary>
    /// <param name="filter">Which; an empty filter means all of them.</param>
    /// <param name="reason">Why, for the events; at most 1,000 characters. Default none.</param>
    /// <param name="cancellationToken">Stops between two transactions of 500; what was discarded stays so.</param>
    /// <returns>How many were given up.</returns>
    /// <exception cref="InvalidInputException">A field of the filter breaks a rule.</exception>
    public Task<int> DiscardAllAsync(DeadLetterFilter filter, string? reason = null, CancellationToken cancellationToken = default) =>
        ChangeAllAsync(filter, DeadLetterChange.Discard, reason, cancellationToken);

    private async Task ChangeDeadLetterAsync(string workId, DeadLetterChange change, string? reason, CancellationToken cancellationToken)
    {
        CheckChange(workId, reason);
        cancellationToken.ThrowIfCancellationRequested();
        if (await Changeable.ChangeDeadLetterAsync(workId, change, reason).ConfigureAwait(false))
            await CancelTreesAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<int> ChangeAllAsync(DeadLetterFilter filter, DeadLetterChange change, string? reason, CancellationToken cancellationToken)
    {
        CheckReason(reason);
        List<Position> found = await Readable.FindDeadLettersAsync(Selection.Of(filter), cancellationToken).ConfigureAwait(false);
        found.Reverse();
        int changed = 0;
        foreach (Position[] some in found.Chunk(DeadLettersAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            changed += await Changeable.ChangeDeadLettersAsync(some, change, reason).ConfigureAwait(false);
        }
        if (change == DeadLetterChange.Discard && changed > 0) await CancelTreesAsync(cancellationToken).ConfigureAwait(false);
        return changed;
    }
}
