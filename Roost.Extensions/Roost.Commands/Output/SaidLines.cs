namespace Roost.Commands.Output;

/// <summary>What an item's running step says, line by line as it comes: its streams and its progress.</summary>
/// <param name="roost">The file.</param>
/// <param name="call">How it is printed.</param>
/// <param name="workId">The item.</param>
internal sealed class SaidLines(RoostRuntime roost, Call call, string workId) : IDisposable
{
    private const int AtFirst = 64 * 1024, MostStreams = 1000;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim turn = new(1);
    private readonly Dictionary<string, Followed> streams = new(StringComparer.Ordinal);
    private WorkProgress? told;
    private bool hasBegun;

    private sealed class Followed(Printer print)
    {
        public MaskedText Masked { get; } = new(print);
        public StreamPiece? Last { get; set; }
        public long Next { get; set; }
    }

    /// <summary>Prints until cancelled.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await BeforeAsync(static () => { }, cancellationToken);
                await Task.Delay(Period, cancellationToken);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or RoostException or ObjectDisposedException)
        {
            // Whoever follows the events says why.
        }
    }

    /// <summary>Prints what was said by now, and then what comes after it.</summary>
    public async Task BeforeAsync(Action then, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            await SayAsync(cancellationToken);
            hasBegun = true;
            then();
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async Task SayAsync(CancellationToken cancellationToken)
    {
        WorkSummary item = (await roost.GetAsync(workId, cancellationToken)).Summary;
        if (item.Progress is { } progress && progress != told && (hasBegun || !item.State.IsEnded())) Say(progress);
        told = item.Progress;
        foreach (StreamInfo stream in (await roost.ListStreamsAsync(workId, MostStreams, cancellationToken: cancellationToken)).Items)
        {
            if (!streams.TryGetValue(stream.Name, out Followed? followed))
                streams.Add(stream.Name, followed = new(call.Print) { Next = hasBegun ? 0 : Math.Max(0, stream.End - AtFirst) });
            if (stream.End > followed.Next) await SayAsync(stream.Name, followed, cancellationToken);
            if (followed.Last is { } last && (last.IsCommitted || last.Version < item.Version || item.State != WorkState.Running))
                Say(stream.Name, last, followed.Masked.End());
        }
    }

    /// <summary>At first what the running step has said so far; what is committed is history.</summary>
    private async Task SayAsync(string name, Followed followed, CancellationToken cancellationToken)
    {
        StreamPage page;
        do
        {
            page = await roost.ReadStreamAsync(workId, name, followed.Next, cancellationToken);
            foreach (StreamPiece piece in page.Pieces.Where(piece => hasBegun || !piece.IsCommitted)) Say(name, piece, followed);
            followed.Next = page.Next;
        }
        while (page.HasMore);
    }

    private void Say(string name, StreamPiece piece, Followed followed)
    {
        if (followed.Last is { } before && (before.Version, before.Try) != (piece.Version, piece.Try)) Say(name, before, followed.Masked.End());
        followed.Last = piece;
        Say(name, piece, followed.Masked.Append(piece.Text));
    }

    private void Say(string name, StreamPiece piece, string text)
    {
        if (text.Length == 0) return;
        if (call.IsJson) call.Print.Json(StreamJson.Of(workId, name, piece, text), indented: false);
        else
            foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                call.Print.Line(EventLine.Of(piece.At, workId, $"stream {name}", Text.Line(line.TrimEnd('\r')), call.Print));
    }

    private void Say(WorkProgress progress)
    {
        if (call.IsJson) call.Print.Json(new { WorkId = workId, Progress = progress with { Text = Hidden(progress.Text) } }, indented: false);
        else call.Print.Line(EventLine.Of(progress.At, workId, "progress", Text.Line(call.Print.Hide(progress.ToString())), call.Print));
    }

    private string? Hidden(string? text) => text is null ? null : call.Print.Hide(text);
}
