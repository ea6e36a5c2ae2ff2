namespace Roost.Samples.Takeover;

/// <summary>The page that the demonstration watches. It keeps one request waiting for ever, so that the kill hits a step that runs.</summary>
internal sealed class DemonstrationPage : IAsyncDisposable
{
    public const string Claim = "keeps going";

    private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LoopbackPage page;

    public DemonstrationPage(int holdRequest) => page = new(async (request, closing) =>
    {
        if (request.Number == holdRequest)
        {
            held.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, closing);
        }
        return PageAnswer.Html($"<!doctype html><title>Roost</title><p>A small page that {Claim}.</p>");
    });

    public string Url => page.Url;

    public int Requests => page.Requests;

    /// <summary>Ends when the request that is kept waiting has come in.</summary>
    public Task Held => held.Task;

    public ValueTask DisposeAsync() => page.DisposeAsync();
}
