namespace Roost.Samples.Desktop;

/// <summary>A book to be read, so many chapters of it already.</summary>
internal sealed record Book(string Title, int Chapters, int BlockMilliseconds, int Read = 0);

/// <summary>Reads a chapter in each step, and blocks its thread for as long as that takes, as a model within the process or a large file does.</summary>
internal sealed class ReadingEngine : Engine<Book>
{
    public const string Id = "reading";

    public override string EngineId => Id;

    protected override Book Init(WorkItem item) => item.PayloadAs<Book>();

    protected override Task<Outcome> StepAsync(Book state, StepContext context)
    {
        Thread.Sleep(state.BlockMilliseconds);
        state = state with { Read = state.Read + 1 };
        return Task.FromResult(state.Read < state.Chapters ? Continue(state, step: "chapter") : Done(state, step: "chapter"));
    }
}
