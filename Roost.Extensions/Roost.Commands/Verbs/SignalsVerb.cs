using System.CommandLine;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>The mailbox of a work item.</summary>
internal sealed class SignalsVerb : Verb
{
    private const int MostPayload = 100;

    private readonly Argument<string> id = CommonOptions.Id();
    private readonly Option<int> limit = new("--limit", "-n") { Description = "How many at most.", HelpName = "number", DefaultValueFactory = _ => 50 };
    private readonly Option<string> cursor = new("--cursor") { Description = "Goes on where an earlier page ended: the next of its --json." };

    public SignalsVerb() : base("signals", "List the signals in a work item's mailbox that no step has taken, in the order in which they came.") =>
        Take(id, limit, cursor, CommonOptions.Json, CommonOptions.Watch);

    protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, (roost, workId) => call.ShowAsync(async () =>
    {
        Page<Signal> page = await FullPage.ReadAsync(call.Get(limit), call.Get(cursor), (most, from) => roost.ListSignalsAsync(workId, most, from, call.Stop));
        return new(page, print => Show(print, page));
    }));

    private static void Show(Printer print, Page<Signal> page)
    {
        print.Table(
            ["came", "name", "id", "sender", "payload"],
            page.Items.Select(signal => new[]
            {
                print.Time(signal.At), signal.Name, signal.Id ?? "", print.Id(signal.SenderId),
                print.IsTerminal ? Text.Short(print.Compact(signal.Payload), MostPayload) : print.Compact(signal.Payload),
            }),
            "Its mailbox is empty.");
        if (page.Next is not null) Console.Error.WriteLine($"More: --cursor {page.Next}");
    }
}
