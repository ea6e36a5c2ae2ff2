using System.CommandLine;
using System.Globalization;
using System.Text;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>What the steps of a work item say while they run.</summary>
internal sealed class StreamVerb : Verb
{
    private const int MostNames = 20;

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
        IReadOnlyList<StreamInfo> streams = await FullPage.AllAsync((most, cursor) => roost.ListStreamsAsync(workId, most, cursor, call.Stop));
        string? one = call.Get(name) ?? (streams.Count == 1 ? streams[0].Name : null);
        if (one is null && call.Get(follow)) throw new UsageException($"--follow needs the stream's name; the item has {Names(streams)}.");
        if (one is null) return await call.ShowAsync(() => Task.FromResult<Answer>(new(new { Items = streams }, print => Show(print, streams))));
        if (streams.All(stream => stream.Name != one) && (!call.Get(follow) || (await roost.ReadStreamAsync(workId, one, 0, call.Stop)).IsOver))
            throw new NotFoundException($"Work item {workId} has no stream \"{one}\"; it has {Names(streams)}.");
        if (call.Get(follow)) await FollowAsync(call, roost, workId, one);
        else await ReadAsync(call, roost, workId, one);
        return ExitCodes.Ok;
    });

    private static string Names(IReadOnlyList<StreamInfo> streams) => streams.Count == 0
        ? "none yet"
        : string.Join(", ", streams.Take(MostNames).Select(stream => $"\"{stream.Name}\"")) + (streams.Count > MostNames ? " and others" : "");

    private static void Show(Printer print, IReadOnlyList<StreamInfo> streams)
    {
        StreamInfo[] kept = [.. streams.Where(stream => stream.KeptBytes > 0)];
        int others = streams.Count - kept.Length;
        if (kept.Length > 0 || others == 0) print.Table(["stream", "bytes", "kept", "from", "last"], Rows(print, kept), "Its steps have written no stream.");
        if (others > 0) Console.Error.WriteLine($"Nothing is kept of {Text.Count(others, "other stream")}; --json lists all.");
    }

    private static IEnumerable<string[]> Rows(Printer print, IEnumerable<StreamInfo> streams) => streams.Select(stream => new[]
    {
        stream.Name, stream.End.ToString(CultureInfo.InvariantCulture), Times.Size(stream.KeptBytes), stream.Begin.ToString(CultureInfo.InvariantCulture),
        print.Time(stream.LastAt),
    });

    private async Task ReadAsync(Call call, RoostRuntime roost, string workId, string one)
    {
        StreamText text = await StartAsync(call, roost, workId, one);
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
        IEnumerable<object> items = pieces.Select((piece, n) => StreamJson.Of(workId, one, piece, text.Masked(piece, IsLast(n))));
        if (call.IsJson) call.Print.Json(new { Items = items, Next = next, page.IsOver });
        else text.End();

        // Of its try, so that the words of two do not run together.
        bool IsLast(int n) => n == pieces.Count - 1 || StreamWords.Anew(pieces[n], pieces[n + 1]) is not null;
    }

    private async Task FollowAsync(Call call, RoostRuntime roost, string workId, string one)
    {
        StreamText text = await StartAsync(call, roost, workId, one);
        StreamPiece? last = null;
        await foreach (StreamPiece piece in roost.WatchStreamAsync(workId, one, call.Get(from), call.Reading))
        {
            if (!call.IsJson) text.Add(piece);
            else
            {
                if (last is not null && StreamWords.Anew(last, piece) is not null) Show(last, text.Rest());
                Show(piece, text.Masked(piece, isLast: false));
            }
            last = piece;
        }
        if (!call.IsJson) text.End();
        else if (last is not null) Show(last, text.Rest());

        void Show(StreamPiece piece, string masked)
        {
            if (masked.Length > 0) call.Print.Json(StreamJson.Of(workId, one, piece, masked), indented: false);
        }
    }

    /// <summary>What stands before the offset is read first: a secret may have begun there.</summary>
    private async Task<StreamText> StartAsync(Call call, RoostRuntime roost, string workId, string one)
    {
        var text = new StreamText(call.Print);
        long start = call.Get(from);
        if (start == 0 || !call.Print.IsMasking) return text;
        StreamPage before = await roost.ReadStreamAsync(workId, one, Math.Max(0, start - MaskedText.Context), call.Stop);
        foreach (StreamPiece piece in before.Pieces.Where(piece => piece.Offset < start)) text.Skip(piece, start);
        return text;
    }

    /// <summary>The text as it was written; on stderr, where it does not simply go on.</summary>
    private sealed class StreamText(Printer print)
    {
        private readonly MaskedText masked = new(print);
        private StreamPiece? last;
        private bool isAtLineStart = true;

        public void Add(StreamPiece piece)
        {
            if (last is not null) Note(last, piece);
            last = piece;
            Write(masked.Append(piece.Text));
        }

        /// <summary>Text before what is shown.</summary>
        public void Skip(StreamPiece piece, long until)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(piece.Text);
            masked.Skip(Encoding.UTF8.GetString(utf8, 0, (int)Math.Min(utf8.Length, until - piece.Offset)));
        }

        /// <summary>What can be shown of a piece by now, of the last one all.</summary>
        public string Masked(StreamPiece piece, bool isLast) => masked.Append(piece.Text) + (isLast ? masked.End() : "");

        /// <summary>What was held back.</summary>
        public string Rest() => masked.End();

        public void End()
        {
            Write(masked.End());
            if (!isAtLineStart) print.Line();
        }

        private void Note(StreamPiece before, StreamPiece piece)
        {
            string? note = StreamWords.Anew(before, piece);
            if (note is null && piece.Offset > before.End) note = $"({Text.Number(piece.Offset - before.End)} bytes are not kept)";
            if (note is null) return;
            End();
            Console.Error.WriteLine(note);
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
