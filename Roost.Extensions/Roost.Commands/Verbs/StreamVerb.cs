using System.CommandLine;
using System.Globalization;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>What the steps of a work item say while they run.</summary>
internal sealed class StreamVerb : Verb
{
    private const int AtOnce = 1000, MostNames = 20;

    private readonly Argument<string> id = CommonOptions.Id();
    private readonly Argument<string?> name = new("name")
    {
        Description = "The stream. Default: the only one there is; of several a list.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<long> from = new("--from")
    {
        Description = "From this offset on, in bytes of UTF-8. Default: from the oldest that is kept.",
        HelpName = "offset",
    };
    private readonly Option<bool> follow = new("--follow", "-f")
    {
        Description = "Goes on as it grows, until the work item has ended or Ctrl-C. With --json one piece a line.",
    };

    public StreamVerb() : base("stream", "Show the text that the steps of a work item write while they run; or which streams it has.") =>
        Take(id, name, from, follow, CommonOptions.Json);

    protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, async (roost, workId) =>
    {
        if (call.Get(from) < 0) throw new UsageException($"--from is {call.Get(from).ToString(CultureInfo.InvariantCulture)}; offsets begin at 0.");
        IReadOnlyList<StreamInfo> streams = await StreamsAsync(call, roost, workId);
        string? one = call.Get(name) ?? (streams.Count == 1 ? streams[0].Name : null);
        if (one is null && call.Get(follow)) throw new UsageException($"--follow needs the stream's name; the item has {Names(streams)}.");
        if (one is null) return await call.ShowAsync(() => Task.FromResult<Answer>(new(new { Items = streams }, print => Show(print, streams))));
        if (!call.Get(follow) && streams.All(stream => stream.Name != one))
            throw new NotFoundException($"Work item {workId} has no stream \"{one}\"; it has {Names(streams)}.");
        if (call.Get(follow)) await FollowAsync(call, roost, workId, one);
        else await ReadAsync(call, roost, workId, one);
        return ExitCodes.Ok;
    });

    private static string Names(IReadOnlyList<StreamInfo> streams) => streams.Count == 0
        ? "none yet"
        : string.Join(", ", streams.Take(MostNames).Select(stream => $"\"{stream.Name}\"")) + (streams.Count > MostNames ? " and others" : "");

    private static async Task<IReadOnlyList<StreamInfo>> StreamsAsync(Call call, RoostRuntime roost, string workId)
    {
        var found = new List<StreamInfo>();
        string? cursor = null;
        do
        {
            Page<StreamInfo> page = await roost.ListStreamsAsync(workId, AtOnce, cursor, call.Stop);
            found.AddRange(page.Items);
            cursor = page.Next;
        }
        while (cursor is not null);
        return found;
    }

    private static void Show(Printer print, IReadOnlyList<StreamInfo> streams) => print.Table(
        ["stream", "bytes", "kept", "from", "last"],
        streams.Select(stream => new[]
        {
            stream.Name, stream.End.ToString(CultureInfo.InvariantCulture), Times.Size(stream.KeptBytes), stream.Begin.ToString(CultureInfo.InvariantCulture),
            print.Time(stream.LastAt),
        }),
        "Its steps have written no stream.");

    private async Task ReadAsync(Call call, RoostRuntime roost, string workId, string one)
    {
        var text = new StreamText(call.Print);
        var pieces = new List<StreamPiece>();
        long next = call.Get(from);
        StreamPage page;
        do
        {
            page = await roost.ReadStreamAsync(workId, one, next, call.Stop);
            next = page.Next;
            if (call.IsJson) pieces.AddRange(page.Pieces);
            else foreach (StreamPiece piece in page.Pieces) text.Add(piece);
        }
        while (page.HasMore);
        if (call.IsJson) call.Print.Json(new { Items = pieces.ConvertAll(piece => StreamJson.Of(workId, one, piece, call.Print)), Next = next, page.IsOver });
        else text.End();
    }

    private async Task FollowAsync(Call call, RoostRuntime roost, string workId, string one)
    {
        var text = new StreamText(call.Print);
        await foreach (StreamPiece piece in roost.WatchStreamAsync(workId, one, call.Get(from), call.Reading))
        {
            if (call.IsJson) call.Print.Json(StreamJson.Of(workId, one, piece, call.Print), indented: false);
            else text.Add(piece);
        }
        if (!call.IsJson) text.End();
    }

    /// <summary>The text as it was written; on stderr, where it does not simply go on.</summary>
    private sealed class StreamText(Printer print)
    {
        private readonly MaskedText masked = new(print.Hide);
        private StreamPiece? last;
        private bool isAtLineStart = true;

        public void Add(StreamPiece piece)
        {
            if (last is { } before && (piece.Offset > before.End || (piece.Version == before.Version && piece.Try != before.Try))) Note(before, piece);
            last = piece;
            Write(masked.Append(piece.Text));
        }

        public void End()
        {
            Write(masked.End());
            if (!isAtLineStart) print.Line();
        }

        private void Note(StreamPiece before, StreamPiece piece)
        {
            End();
            Console.Error.WriteLine(piece.Version == before.Version && piece.Try != before.Try
                ? $"(try {piece.Try} of the step from version {piece.Version} begins anew)"
                : $"({Text.Number(piece.Offset - before.End)} bytes are not kept)");
        }

        private void Write(string text)
        {
            if (text.Length == 0) return;
            print.Raw(Text.Lines(text.Replace("\r\n", "\n", StringComparison.Ordinal)));
            print.Output.Flush();
            isAtLineStart = text[^1] == '\n';
        }
    }
}
