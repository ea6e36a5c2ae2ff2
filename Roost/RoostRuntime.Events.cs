using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Roost.Storage;

namespace Roost;

public sealed partial class RoostRuntime
{
    private const int EventsAtOnce = 500;

    /// <summary>Reads what has happened, in order: one page of the history of a work item or of the whole file.</summary>
    /// <param name="workId">The item. Default: all of them, and what concerns the file.</param>
    /// <param name="after">Events with a greater sequence number. Default: from the oldest that is kept.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 500. A page ends earlier where its data is beyond 8 MiB; only an empty page is the end.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="EventsTrimmedException">Events after <paramref name="after"/> were trimmed by <see cref="RoostOptions.MaxEvents"/>.</exception>
    public async Task<IReadOnlyList<WorkEvent>> ReadEventsAsync(string? workId = null, long? after = null, int limit = EventsAtOnce, CancellationToken cancellationToken = default)
    {
        CheckEvents(workId, after);
        CheckEventLimit(limit);
        return (await ReadEventPageAsync(workId, after, limit, cancellationToken).ConfigureAwait(false)).Events;
    }

    /// <summary>Reads back from the end: the latest that has happened to a work item or in the whole file. Costs the same however much lies before it.</summary>
    /// <param name="workId">The item. Default: all of them, and what concerns the file.</param>
    /// <param name="before">Events with a smaller sequence number. Default: up to the last.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 500. A page ends earlier where its data is beyond 8 MiB; only an empty page is the beginning of what is kept.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The events in their order, the latest at the end. The page before it is read before the sequence number of its first.</returns>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public async Task<IReadOnlyList<WorkEvent>> ReadLastEventsAsync(string? workId = null, long? before = null, int limit = EventsAtOnce, CancellationToken cancellationToken = default)
    {
        if (workId is not null) Names.Check("id", workId);
        if (before < 1) throw new InvalidInputException("before", $"is {before}; sequence numbers begin at 1.");
        CheckEventLimit(limit);
        return await reader.RunAsync(db => EventQueries.Last(db, KeyOf(db, workId), before ?? long.MaxValue, limit), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The sequence number of the last event of the file; 0 where there is none. Reading after it begins with what happens next.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<long> GetLastSequenceAsync(CancellationToken cancellationToken = default) => reader.RunAsync(EventQueries.LastSequence, cancellationToken);

    /// <summary>
    /// Follows what happens, in this process and in others, until cancelled: first what the history holds already, then each event once it is
    /// committed. Nothing of the file is held open between two events, however long the consumer takes.
    /// </summary>
    /// <param name="workId">The item. Default: all of them, and what concerns the file.</param>
    /// <param name="after">Events with a greater sequence number. Default: from the oldest that is kept.</param>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>; so does disposing the runtime.</param>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="EventsTrimmedException">Events after <paramref name="after"/> were trimmed, or the consumer fell behind the cap of <see cref="RoostOptions.MaxEvents"/>.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open.</exception>
    /// <exception cref="DataCorruptException">This runtime found the file damaged and has stopped writing; all events that it can read were given.</exception>
    public IAsyncEnumerable<WorkEvent> WatchEventsAsync(string? workId = null, long? after = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        CheckEvents(workId, after);
        return FollowAsync(workId, after, cancellationToken);
    }

    private async IAsyncEnumerable<WorkEvent> FollowAsync(string? workId, long? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        writer.Watch(1);
        try
        {
            while (true)
            {
                Task next = writer.Changed.Next;
                EventPage page = await ReadEventPageAsync(workId, after, EventsAtOnce, either.Token).ConfigureAwait(false);
                after = page.UpTo;
                foreach (WorkEvent one in page.Events) yield return one;
                if (page.Events.Count > 0) continue;
                writer.ThrowIfStopped(); // Nobody would tell us of the next one any more.
                await next.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        finally
        {
            writer.Watch(-1);
        }
    }

    private Task<EventPage> ReadEventPageAsync(string? workId, long? after, int limit, CancellationToken cancellationToken) => reader.RunAsync(
        db => EventQueries.Page(db, KeyOf(db, workId), after, limit), cancellationToken);

    private long? KeyOf(SqliteConnection db, string? workId) => workId is null ? null : WorkQueries.KeyOf(db, workId) ?? throw NotFound(workId);

    private static void CheckEventLimit(int limit)
    {
        if (limit is < 1 or > 10_000) throw new InvalidInputException("limit", $"is {limit}; it must be from 1 to 10,000.");
    }

    private static void CheckEvents(string? workId, long? after)
    {
        if (workId is not null) Names.Check("id", workId);
        if (after < 0) throw new InvalidInputException("after", $"is {after}; sequence numbers begin at 1, and 0 is before all of them.");
    }
}
