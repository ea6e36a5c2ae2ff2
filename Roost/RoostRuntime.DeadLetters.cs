using Roost.Storage;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>How many dead letters one transaction retries or discards, so that other writes get their turn.</summary>
    private const int DeadLettersAtOnce = 500;

    /// <summary>Dead letters, last failed first.</summary>
    /// <param name="filter">Which. Default: all.</param>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="DeadLetterPage.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The limit, the cursor or a field of the filter breaks a rule.</exception>
    public Task<DeadLetterPage> ListDeadLettersAsync(DeadLetterFilter? filter = null, int limit = 50, string? cursor = null, CancellationToken cancellationToken = default)
    {
        Selection.CheckLimit(limit);
        var selection = Selection.Of(filter ?? new());
        var after = Position.Read(cursor);
        return reader.RunAsync(db => FailureQueries.DeadLetters(db, selection, limit, after), cancellationToken);
    }

    /// <summary>One dead letter with its stack trace and the snapshot that a retry goes on from.</summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is no dead letter.</exception>
    public Task<DeadLetter> GetDeadLetterAsync(string workId, CancellationToken cancellationToken = default)
    {
        Names.Check("id", workId);
        return reader.RunAsync(db =>
        {
            WorkSummary item = WorkQueries.Summary(db, workId) ?? throw NotFound(workId);
            if (item.State != WorkState.Failed) throw NoDeadLetter(workId, item.State);
            long key = WorkQueries.KeyOf(db, workId)!.Value;
            (Snapshot? snapshot, string? error) = SnapshotQueries.Last(db, key, item, Options);
            return new DeadLetter(item, FailureQueries.Last(db, key)!) { Snapshot = Told(snapshot), SnapshotError = error };
        }, cancellationToken);
    }

    /// <summary>Queues a dead letter again from its last snapshot, with fresh attempts.</summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is no dead letter.</exception>
    public Task RetryAsync(string workId, string? reason = null) => ChangeAsync(workId, reason, (session, row) =>
    {
        OnlyDeadLetter(workId, row);
        session.Endings.Retry(row, reason);
        return true;
    });

    /// <summary>Gives a dead letter up: it becomes cancelled, and purge may remove it.</summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="ConflictException">The item is no dead letter.</exception>
    public Task DiscardAsync(string workId, string? reason = null) => ChangeAsync(workId, reason, (session, row) =>
    {
        OnlyDeadLetter(workId, row);
        session.Endings.Discard(row, reason);
        return true;
    });

    /// <summary>Queues all dead letters that a filter means, as <see cref="RetryAsync"/> does, the longest failed first. What fails meanwhile is not touched.</summary>
    /// <param name="filter">Which; an empty filter means all of them.</param>
    /// <param name="reason">Why, for the events; at most 1,000 characters. Default none.</param>
    /// <param name="cancellationToken">Stops between two transactions of 500; what was retried stays so.</param>
    /// <returns>How many were queued.</returns>
    /// <exception cref="InvalidInputException">A field of the filter breaks a rule.</exception>
    public Task<int> RetryAllAsync(DeadLetterFilter filter, string? reason = null, CancellationToken cancellationToken = default) =>
        ChangeAllAsync(filter, reason, (session, row) => session.Endings.Retry(row, reason), cancellationToken);

    /// <summary>Gives all dead letters up that a filter means, as <see cref="DiscardAsync"/> does, the longest failed first. What fails meanwhile is not touched.</summary>
    /// <param name="filter">Which; an empty filter means all of them.</param>
    /// <param name="reason">Why, for the events; at most 1,000 characters. Default none.</param>
    /// <param name="cancellationToken">Stops between two transactions of 500; what was discarded stays so.</param>
    /// <returns>How many were given up.</returns>
    /// <exception cref="InvalidInputException">A field of the filter breaks a rule.</exception>
    public Task<int> DiscardAllAsync(DeadLetterFilter filter, string? reason = null, CancellationToken cancellationToken = default) =>
        ChangeAllAsync(filter, reason, (session, row) => session.Endings.Discard(row, reason), cancellationToken);

    private async Task<int> ChangeAllAsync(DeadLetterFilter filter, string? reason, Action<Session, WorkRow> change, CancellationToken cancellationToken)
    {
        CheckReason(reason);
        var selection = Selection.Of(filter);
        List<Position> found = await FindAllAsync(selection, cancellationToken).ConfigureAwait(false);
        found.Reverse();
        int changed = 0;
        foreach (Position[] some in found.Chunk(DeadLettersAtOnce))
        {
            cancellationToken.ThrowIfCancellationRequested();
            changed += await ChangeAsync(session => some.Count(place => ChangeOne(session, place, change)), some.Length * 256).ConfigureAwait(false);
        }
        return changed;
    }

    /// <summary>16 bytes for each, and no read that stays open over all of them.</summary>
    private async Task<List<Position>> FindAllAsync(Selection selection, CancellationToken cancellationToken)
    {
        var all = new List<Position>();
        for (string? cursor = Position.Start.Write(); cursor is not null;)
        {
            var after = Position.Read(cursor);
            (List<Position> found, cursor) = await reader.RunAsync(db => WorkQueries.Find(db, selection, int.MaxValue, after), cancellationToken).ConfigureAwait(false);
            all.AddRange(found);
        }
        return all;
    }

    /// <summary>Only where it is still the failure that was found: since then somebody may have retried it, or it may have failed anew.</summary>
    private static bool ChangeOne(Session session, Position place, Action<Session, WorkRow> change)
    {
        if (session.Work.Load(place.Key) is not { State: WorkState.Failed } row || row.UpdatedAt != place.At) return false;
        change(session, row);
        return true;
    }

    private static void OnlyDeadLetter(string workId, in WorkRow row)
    {
        if (row.State != WorkState.Failed) throw NoDeadLetter(workId, row.State);
    }

    private static ConflictException NoDeadLetter(string workId, WorkState state) =>
        new($"Work item {workId} is {state.Name()}; only a failed one is a dead letter.");
}
