namespace Roost.Tests.Web;

public sealed record ConsoleState(int Count, string Api_key, string Note);

/// <summary>Does what an item's payload says: fails with a text or with many causes, makes artifacts, counts, or holds its step.</summary>
public sealed class ConsoleEngine : Engine<ConsoleState>
{
    public const string Markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";

    public static byte[] Pixel { get; } =
        Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override string EngineId => "probe";

    protected override ConsoleState Init(WorkItem item) => new(0, "sk-hidden", Markup);

    protected override async Task<Outcome> StepAsync(ConsoleState state, StepContext context)
    {
        string what = context.Item.Payload.TryGetProperty("what", out var said) ? said.GetString()! : "";
        if (what == "hold")
        {
            Held.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
        }
        if (what.StartsWith("fail ", StringComparison.Ordinal))
            throw new InvalidOperationException(what[5..]);
        if (what.StartsWith("deep ", StringComparison.Ordinal))
            throw new AggregateException(what[5..], Enumerable.Range(0, 8).Select(i => new InvalidOperationException($"{i} {what}", Told(what))));
        if (what == "artifacts")
        {
            context.AddArtifactText("page.html", Markup);
            context.AddArtifact("report.json", new { token = "sk-hidden", Note = Markup });
            context.AddArtifactBytes("shot.png", Pixel);
        }
        state = state with { Count = state.Count + 1 };
        return what == "wait" ? Continue(state, after: TimeSpan.FromHours(1), step: "look") : state.Count < 3 ? Continue(state, step: "look") : Done(state);
    }

    private static IOException Told(string what) =>
        new(what)
        {
            Data =
            {
                [new string('k', 60)] = what[..200],
                ["api_key"] = "sk-hidden",
                ["address"] = $"https://example.com/{new string('p', 150)}",
            },
        };
}
