using System.Runtime.CompilerServices;
using Roost.Stores;

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
        return (await Readable.EventsAsync(workId, after, limit, cancellationToken).ConfigureAwait(false)).Events;
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
        CheckBefore(before);
        CheckEventLimit(limit);
        return await Readable.LastEventsAsync(workId, before ?? long.MaxValue, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads what a filter means of the history, in order, one page after the other.</summary>
    /// <param name="filter">Which events.</param>
    /// <param name="after">Events with a greater sequence number: the <see cref="EventList.Next"/> of the page before. Default: from the oldest that is kept.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 500. A page ends earlier where its data is beyond 8 MiB, or where it has looked at many that are not meant.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">A number or a field of the filter breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="EventsTrimmedException">Events after <paramref name="after"/> were trimmed by <see cref="RoostOptions.MaxEvents"/>.</exception>
    public Task<EventList> ReadEventsAsync(EventFilter filter, long? after = null, int limit = EventsAtOnce, CancellationToken cancellationToken = default)
    {
        var selection = EventSelection.Of(filter);
        CheckEvents(null, after);
        CheckEventLimit(limit);
        return Readable.EventListAsync(selection, after, limit, cancellationToken);
    }

    /// <summary>Reads back from the end what a filter means: its latest events.</summary>
    /// <param name="filter">Which events.</param>
    /// <param name="before">Events with a smaller sequence number: the <see cref="EventList.Next"/> of the page that was read before. Default: up to the last.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 500. A page ends earlier where its data is beyond 8 MiB, or where it has looked at many that are not meant.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The events in their order, the latest at the end.</returns>
    /// <exception cref="InvalidInputException">A number or a field of the filter breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public Task<EventList> ReadLastEventsAsync(EventFilter filter, long? before = null, int limit = EventsAtOnce, CancellationToken cancellationToken = default)
    {
        var selection = EventSelection.Of(filter);
        CheckBefore(before);
        CheckEventLimit(limit);
        return Readable.LastEventsAsync(selection, before ?? long.MaxValue, limit, cancellationToken);
    }

    /// <summary>The sequence number of the last event of the file; 0 where there is none. Reading after it begins with what happens next.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<long> GetLastSequenceAsync(CancellationToken cancellationToken = default) => Readable.LastSequenceAsync(cancellationToken);

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
        return FollowAsync((from, token) => Readable.EventsAsync(workId, from, EventsAtOnce, token), after, cancellationToken);
    }

    /// <summary>Follows what a filter means of what happens, as <see cref="WatchEventsAsync(string?, long?, CancellationToken)"/> does.</summary>
    /// <param name="filter">Which events; without an <see cref="EventFilter.Until"/>.</param>
    /// <param name="after">Events with a greater sequence number. Default: from the oldest that is kept.</param>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>; so does disposing the runtime.</param>
    /// <exception cref="InvalidInputException">A number or a field of the filter breaks a rule, or <see cref="EventFilter.Until"/> is given.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="EventsTrimmedException">Events after <paramref name="after"/> were trimmed, or the consumer fell behind the cap of <see cref="RoostOptions.MaxEvents"/>.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open.</exception>
    /// <exception cref="DataCorruptException">This runtime found the file damaged and has stopped writing; all events that it can read were given.</exception>
    public IAsyncEnumerable<WorkEvent> WatchEventsAsync(EventFilter filter, long? after = null, CancellationToken cancellationToken = default)
    {
        var selection = EventSelection.Of(filter);
        if (filter.Until is not null) throw new InvalidInputException("until", "is given; what is followed has no end. Leave it out.");
        CheckEvents(null, after);
        return FollowAsync((from, token) => Readable.EventsAsync(selection, from, EventsAtOnce, token), after, cancellationToken);
    }

    private async IAsyncEnumerable<WorkEvent> FollowAsync(Func<long?, CancellationToken, Task<EventPage>> read, long? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        using IDisposable watch = Store.Watch();
        while (true)
        {
            Task next = store.Changed.Next;
            EventPage page = await read(after, either.Token).ConfigureAwait(false);
            after = page.UpTo;
            foreach (WorkEvent one in page.Events) yield return one;
            if (page.Events.Count > 0 || page.IsCut) continue;
            store.ThrowIfStopped(); // Nobody would tell us of the next one any more.
            await next.WaitAsync(either.Token).ConfigureAwait(false);
        }
    }

    private static void CheckBefore(long? before)
    {
        if (before < 1) throw new InvalidInputException("before", $"is {before}; sequence numbers begin at 1.");
    }

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
