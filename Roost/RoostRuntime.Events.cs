using System.Runtime.CompilerServices;
using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    private const int EventsAtOnce = 500;

    /// <summary>Reads what has happened to one work item, in order, one page after the other.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="after">Events with a greater sequence number: the <see cref="EventPage.Next"/> of the page before, or that of an event. Default: from the
    /// oldest that is kept.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 500. A page ends earlier where its data is beyond 8 MiB.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="EventsTrimmedException">Events after <paramref name="after"/> were trimmed by <see cref="RoostOptions.MaxEvents"/>.</exception>
    public Task<EventPage> ListEventsAsync(string workId, long? after = null, int limit = EventsAtOnce, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        return ListEventsAsync(new EventFilter { WorkId = workId }, after, limit, cancellationToken);
    }

    /// <summary>Reads what has happened in the whole file, or what a filter means of it, in order, one page after the other.</summary>
    /// <param name="filter">Which events. Default: all of them.</param>
    /// <param name="after">Events with a greater sequence number: the <see cref="EventPage.Next"/> of the page before, or that of an event. Default: from the
    /// oldest that is kept.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 500. A page ends earlier where its data is beyond 8 MiB, or where it has looked at many that
    /// are not meant.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">A number or a field of the filter breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="EventsTrimmedException">Events after <paramref name="after"/> were trimmed by <see cref="RoostOptions.MaxEvents"/>.</exception>
    public Task<EventPage> ListEventsAsync(
        EventFilter? filter = null,
        long? after = null,
        int limit = EventsAtOnce,
        CancellationToken cancellationToken = default
    )
    {
        var selection = EventSelection.Of(filter ?? new());
        CheckAfter(after);
        CheckEventLimit(limit);
        return Readable.EventListAsync(selection, after, limit, cancellationToken);
    }

    /// <summary>Reads back from the end: the latest that has happened to one work item. Costs the same however much lies before it.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="before">Events with a smaller sequence number: the <see cref="EventPage.Next"/> of the page that was read before, or that of an event.
    /// Default: up to the last.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 500. A page ends earlier where its data is beyond 8 MiB.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The events in their order, the latest at the end.</returns>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public Task<EventPage> ListLastEventsAsync(string workId, long? before = null, int limit = EventsAtOnce, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        return ListLastEventsAsync(new EventFilter { WorkId = workId }, before, limit, cancellationToken);
    }

    /// <summary>Reads back from the end: the latest that has happened in the whole file, or that a filter means of it.</summary>
    /// <param name="filter">Which events. Default: all of them.</param>
    /// <param name="before">Events with a smaller sequence number: the <see cref="EventPage.Next"/> of the page that was read before, or that of an event.
    /// Default: up to the last.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 500. A page ends earlier where its data is beyond 8 MiB, or where it has looked at many that
    /// are not meant.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The events in their order, the latest at the end.</returns>
    /// <exception cref="InvalidInputException">A number or a field of the filter breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public Task<EventPage> ListLastEventsAsync(
        EventFilter? filter = null,
        long? before = null,
        int limit = EventsAtOnce,
        CancellationToken cancellationToken = default
    )
    {
        var selection = EventSelection.Of(filter ?? new());
        if (before < 1) throw new InvalidInputException("before", $"is {before}; sequence numbers begin at 1.");
        CheckEventLimit(limit);
        return Readable.LastEventsAsync(selection, before ?? long.MaxValue, limit, cancellationToken);
    }

    /// <summary>The sequence number of the last event of the file; 0 where there is none. Reading after it begins with what happens next.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<long> GetLastSequenceAsync(CancellationToken cancellationToken = default) => Readable.LastSequenceAsync(cancellationToken);

    /// <summary>Follows what happens to one work item, as <see cref="WatchEventsAsync(EventFilter, long?, CancellationToken)"/> does.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="after">Events with a greater sequence number. Default: from the oldest that is kept.</param>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>; so does disposing the runtime.</param>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="EventsTrimmedException">Events after <paramref name="after"/> were trimmed, or the consumer fell behind the cap of <see
    /// cref="RoostOptions.MaxEvents"/>.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open.</exception>
    /// <exception cref="DataCorruptException">This runtime found the file damaged and has stopped writing; all events that it can read were given.</exception>
    public IAsyncEnumerable<WorkEvent> WatchEventsAsync(string workId, long? after = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        Names.Check("workId", workId);
        CheckAfter(after);
        return FollowAsync((from, token) => Readable.EventsAsync(workId, from, EventsAtOnce, token), after, cancellationToken);
    }

    /// <summary>
    /// Follows what happens, in this process and in others, until cancelled: first what the history holds already, then each event once it is
    /// committed. Nothing of the file is held open between two events, however long the consumer takes.
    /// </summary>
    /// <param name="filter">Which events; without an <see cref="EventFilter.Until"/>. Default: all of them.</param>
    /// <param name="after">Events with a greater sequence number. Default: from the oldest that is kept.</param>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>; so does disposing the runtime.</param>
    /// <exception cref="InvalidInputException">A number or a field of the filter breaks a rule, or <see cref="EventFilter.Until"/> is given.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="EventsTrimmedException">Events after <paramref name="after"/> were trimmed, or the consumer fell behind the cap of <see
    /// cref="RoostOptions.MaxEvents"/>.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open.</exception>
    /// <exception cref="DataCorruptException">This runtime found the file damaged and has stopped writing; all events that it can read were given.</exception>
    public IAsyncEnumerable<WorkEvent> WatchEventsAsync(EventFilter? filter = null, long? after = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        CheckAfter(after);
        if (filter is null) return FollowAsync((from, token) => Readable.EventsAsync((string?)null, from, EventsAtOnce, token), after, cancellationToken);
        var selection = EventSelection.Of(filter);
        if (filter.Until is not null) throw new InvalidInputException("Until", "is given; what is followed has no end. Leave it out.");
        return FollowAsync((from, token) => Readable.EventsAsync(selection, from, EventsAtOnce, token), after, cancellationToken);
    }

    private async IAsyncEnumerable<WorkEvent> FollowAsync(
        Func<long?, CancellationToken, Task<EventStretch>> read,
        long? after,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        using IDisposable watch = Store.Watch();
        while (true)
        {
            Task next = store.Changed.Next;
            EventStretch page = await read(after, either.Token).ConfigureAwait(false);
            after = page.UpTo;
            foreach (WorkEvent one in page.Events) yield return one;
            if (page.Events.Count > 0 || page.IsCut) continue;
            store.ThrowIfStopped(); // Nobody would tell us of the next one any more.
            await next.WaitAsync(either.Token).ConfigureAwait(false);
        }
    }

    private static void CheckEventLimit(int limit)
    {
        if (limit is < 1 or > 10_000) throw new InvalidInputException("limit", $"is {limit}; it must be from 1 to 10,000.");
    }

    private static void CheckAfter(long? after)
    {
        if (after < 0) throw new InvalidInputException("after", $"is {after}; sequence numbers begin at 1, and 0 is before all of them.");
    }
}
