using System.Runtime.CompilerServices;
using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>
    /// The streams that the steps of an item have written to (<see cref="StepContext.OpenStream"/>), in the order in which they were first written.
    /// </summary>
    /// <param name="workId">The id of the item.</param>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="Page{T}.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The limit or the cursor breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public Task<Page<StreamInfo>> ListStreamsAsync(
        string workId, int limit = 50, string? cursor = null, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        Selection.CheckLimit(limit);
        return Readable.StreamsAsync(workId, limit, cursor, cancellationToken);
    }

    /// <summary>
    /// Reads what stands in a stream now from an offset on, about 1 MiB at a time. What was there before the watermark (<see cref="StreamInfo.Begin"/>) is
    /// gone, and so may be what is between two pieces: then the next begins behind the end of the one before.
    /// </summary>
    /// <param name="workId">The id of the item.</param>
    /// <param name="name">The stream's name. One that nobody has written to yet is empty.</param>
    /// <param name="from">In bytes of UTF-8: the <see cref="StreamPage.Next"/> of what was read before. Default: from the beginning.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The name or the offset breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public Task<StreamPage> ReadStreamAsync(string workId, string name, long from = 0, CancellationToken cancellationToken = default)
    {
        CheckStream(workId, name, from);
        return Readable.StreamAsync(workId, name, from, cancellationToken);
    }

    /// <summary>
    /// Follows a stream: first what stands in it, then each piece as soon as it is written, in this process and in others, until the item has ended. Nothing of
    /// the file is held open between two pieces. A piece whose <see cref="StreamPiece.Try"/> or <see cref="StreamPiece.Version"/> differs from those before it
    /// begins anew where they were not committed.
    /// </summary>
    /// <param name="workId">The id of the item.</param>
    /// <param name="name">The stream's name. One that nobody has written to yet is waited for.</param>
    /// <param name="from">In bytes of UTF-8: the <see cref="StreamPiece.End"/> of what was read before. Default: from the beginning.</param>
    /// <param name="cancellationToken">Ends the enumeration with <see cref="OperationCanceledException"/>; so does disposing the runtime.</param>
    /// <exception cref="InvalidInputException">The name or the offset breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item, or it was purged.</exception>
    /// <exception cref="FileRefusedException">The file was deleted or replaced while it was open.</exception>
    /// <exception cref="DataCorruptException">This runtime found the file damaged and has stopped writing; all pieces that it can read were given.</exception>
    public IAsyncEnumerable<StreamPiece> WatchStreamAsync(string workId, string name, long from = 0, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        CheckStream(workId, name, from);
        return FollowStreamAsync(workId, name, from, cancellationToken);
    }

    private async IAsyncEnumerable<StreamPiece> FollowStreamAsync(
        string workId, string name, long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        using IDisposable watch = Store.Watch();
        while (true)
        {
            Task next = store.Said.Next;
            StreamPage page = await Readable.StreamAsync(workId, name, from, either.Token).ConfigureAwait(false);
            from = page.Next;
            foreach (StreamPiece piece in page.Pieces) yield return piece;
            if (page.HasMore) continue;
            if (page.IsOver) yield break;
            store.ThrowIfStopped(); // Nobody would tell us of the next one any more.
            await next.WaitAsync(either.Token).ConfigureAwait(false);
        }
    }

    private static void CheckStream(string workId, string name, long from)
    {
        Names.Check("workId", workId);
        Names.CheckExact("name", name);
        if (from < 0) throw new InvalidInputException("from", $"is {from}; offsets begin at 0.");
    }
}
