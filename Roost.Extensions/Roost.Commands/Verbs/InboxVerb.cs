using System.CommandLine;
using System.Text.Json;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>Questions that wait for a person, or one of them with everything about it.</summary>
internal sealed class InboxVerb : Verb
{
    private const int MostQuestion = 80;

    private readonly Argument<string?> ask = new Argument<string?>("question")
    {
        Description = "Shows this question: its id, or a unique beginning or end of it. Default: lists those that are open.",
        Arity = ArgumentArity.ZeroOrOne,
    }.OffersAsks();
    private readonly Option<string> of = new("--for") { Description = "Only questions for this one or for anybody.", HelpName = "name" };
    private readonly Option<string> engine = CommonOptions.Engine("Only questions of this engine's items.");
    private readonly Option<string> item = new Option<string>("--item") { Description = "All questions of this item, those that are closed too." }.OffersIds();
    private readonly Option<int> limit = new("--limit", "-n") { Description = "How many at most.", HelpName = "number", DefaultValueFactory = _ => 50 };
    private readonly Option<string> cursor = new("--cursor") { Description = "Goes on where an earlier page ended: the next of its --json." };

    public InboxVerb() : base("inbox", "List the questions that wait for a person, the longest open first, or show one of them.") =>
        Take(ask, of, engine, item, limit, cursor, CommonOptions.Json, CommonOptions.Watch);

    protected override async Task<int> RunAsync(Call call)
    {
        if (call.Get(ask) is not null && new Option[] { of, engine, item, limit, cursor }.FirstOrDefault(call.IsGiven) is { } odd)
            throw new UsageException($"{odd.Name} is given together with a question; one question is shown whole.");
        await using RoostRuntime roost = call.Open();
        if (call.Get(ask) is { } one)
        {
            string id = await AskResolver.FindAsync(roost, one, call.Stop);
            return await call.ShowAsync(async () =>
            {
                AskInfo found = await roost.GetAskAsync(id, call.Stop);
                return new(found, print => Show(print, found));
            });
        }
        var filter = new AskFilter
        {
            For = call.Get(of),
            Engine = call.Get(engine),
            WorkId = call.Get(item) is { } asker ? await IdResolver.FindAsync(roost, asker, call.Stop) : null,
        };
        return await call.ShowAsync(async () =>
        {
            Page<AskInfo> page = await FullPage.ReadAsync(call.Get(limit), call.Get(cursor), (most, from) =>
                roost.ListAsksAsync(filter, most, from, call.Stop)
            );
            return new(page, print => Show(print, page, withState: filter.WorkId is not null));
        });
    }

    private static void Show(Printer print, Page<AskInfo> page, bool withState)
    {
        print.Table(
            ["question", .. withState ? (string[])["state"] : [], "asked", "for", "engine", "item", "until", "what"],
            page.Items.Select(each => (string[])
            [
                print.Id(each.Id), .. withState ? (string[])[NameOf(each.State)] : [], print.Time(each.AskedAt), each.For ?? "", each.Engine,
                print.Id(each.WorkId), each.Until is { } until ? print.TimeAhead(until) : "", Text.Short(print.Hide(each.Question), MostQuestion),
            ]),
            withState ? "It has asked nothing." : "Nobody is asked anything.");
        if (page.Next is not null) Console.Error.WriteLine($"More: --cursor {page.Next}");
    }

    private static void Show(Printer print, AskInfo ask) => print.Fields(
        ("id", ask.Id),
        ("state", NameOf(ask.State)),
        ("question", print.Hide(ask.Question)),
        ("about", ask.Effect is { } effect ? $"effect {Text.Line(effect)}, which may have happened" : null),
        ("answer with", ask.Schema.ValueKind == JsonValueKind.True ? "any JSON" : Text.Line(ask.Schema.GetRawText())),
        ("to look at", string.Join("\n", ask.Artifacts.Select(name => $"{Text.Line(name)} (\"roost artifacts cat {ask.WorkId} {Text.Line(name)}\")"))),
        ("for", ask.For),
        ("item", $"{ask.WorkId} (engine {ask.Engine}, queue {ask.Queue})"),
        ("asked", Times.Past(ask.AskedAt, print.Now)),
        ("until", ask.Until is { } until ? Times.Both(until, print.Now) : null),
        ("closed", ask.ClosedAt is { } closed ? Times.Past(closed, print.Now) : null),
        ("answered by", ask.Answer?.By),
        ("answer", ask.Answer is { } answer ? print.Compact(answer.Value) : null),
        ("comment", print.Hide(ask.Answer?.Comment)),
        ("withdrawn by", ask.WithdrawnBy));

    private static string NameOf(AskState state) => state.ToString().ToLowerInvariant();
}
