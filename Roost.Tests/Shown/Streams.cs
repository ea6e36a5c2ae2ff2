using System.Runtime.CompilerServices;
using System.Text;

namespace Roost.Tests.Shown;

internal sealed record Book(IReadOnlyList<string> Chapters);

/// <summary>A model that writes, word by word.</summary>
internal sealed class Model
{
    private readonly string[] words = ["Once ", "upon ", "a ", "time"];

    public async IAsyncEnumerable<string> WriteAsync(int chapter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string word in words)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return word;
        }
        yield return $" ({chapter}).\n";
    }
}

/// <summary>Writes a book, and lets others read it as it comes.</summary>
internal sealed class BookEngine(Model model) : Engine<Book>
{
    public override string EngineId => "book";

    protected override Book Init(WorkItem item) => new([]);

    protected override async Task<Outcome> StepAsync(Book state, StepContext context)
    {
        await using StepStream words = context.OpenStream("tokens");
        var chapter = new StringBuilder();
        await foreach (string token in model.WriteAsync(state.Chapters.Count + 1, context.CancellationToken))
        {
            words.Write(token);
            chapter.Append(token);
        }
        context.Report((state.Chapters.Count + 1) / 3.0, $"chapter {state.Chapters.Count + 1} of 3");
        Book next = state with { Chapters = [.. state.Chapters, chapter.ToString()] };
        return next.Chapters.Count == 3 ? Done(next) : Continue(next);
    }
}

/// <summary>Reading what a running step says.</summary>
internal static class Streams
{
    public static async Task ReadAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new BookEngine(new()));
        string workId = await roost.EnqueueAsync(new WorkItem("book"));
        var shown = new StringBuilder();
        Task run = roost.RunUntilDoneAsync(workId);
        await foreach (StreamPiece piece in roost.WatchStreamAsync(workId, "tokens")) shown.Append(piece.Text);
        WorkProgress? progress = (await roost.GetAsync(workId)).Summary.Progress;
        await run;
        shown.ToString().Should().Be("Once upon a time (1).\nOnce upon a time (2).\nOnce upon a time (3).\n");
        progress!.ToString().Should().Be("100 %, chapter 3 of 3");
    }
}
