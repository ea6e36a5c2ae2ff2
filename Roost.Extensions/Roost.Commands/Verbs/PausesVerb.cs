using System.CommandLine;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>What is paused.</summary>
internal sealed class PausesVerb : Verb
{
    private readonly Option<int> limit = new("--limit", "-n") { Description = "How many at most.", DefaultValueFactory = _ => 50 };
    private readonly Option<string> cursor = new("--cursor") { Description = "Goes on where an earlier page ended: the next of its --json." };

    public PausesVerb() : base("pauses", "List what is paused, by whom, why and until when; the longest paused first.") =>
        Take(limit, cursor, CommonOptions.Json, CommonOptions.Watch);

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        return await call.ShowAsync(async () =>
        {
            Page<PauseInfo> page = await FullPage.ReadAsync(call.Get(limit), call.Get(cursor), (most, from) =>
                roost.ListPausesAsync(null, most, from, call.Stop)
            );
            return new(page, print => Show(print, page));
        });
    }

    private static void Show(Printer print, Page<PauseInfo> page)
    {
        print.Table(
            ["what", "name", "since", "until", "by", "reason"],
            page.Items.Select(pause => new[]
            {
                PauseWords.NameOf(pause.Target.Scope), pause.Target.Scope == PauseScope.Item ? print.Id(pause.Target.Name) : pause.Target.Name ?? "",
                print.Time(pause.Since), pause.Until is { } until ? print.TimeAhead(until) : "", pause.By, print.Hide(pause.Reason),
            }),
            "Nothing is paused.");
        if (page.Next is not null) Console.Error.WriteLine($"More: --cursor {page.Next}");
    }
}
