using System.CommandLine;
using System.Globalization;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>Work items, most recently updated first.</summary>
internal sealed class ListVerb : Verb
{
    private const int MostProgress = 40;

    private readonly Option<string> state = new("--state", "-s")
    {
        Description = "Only items in this state: queued (or of that ready, delayed or blocked), running, waiting, done, failed or cancelled.",
        HelpName = "state",
    };
    private readonly Option<string> engine = CommonOptions.Engine("Only items of this engine.");
    private readonly Option<string> queue = new("--queue", "-q") { Description = "Only items of this queue." };
    private readonly Option<string> parent = new("--parent") { Description = "Only the children of this item.", HelpName = "id" };
    private readonly Option<string> resource = new("--resource", "-r") { Description = "Only items that ask for this resource.", HelpName = "name" };
    private readonly Option<string> error = new("--error") { Description = "Only items whose last error holds this text.", HelpName = "text" };
    private readonly Option<bool> paused = new("--paused") { Description = "Only items that are paused themselves." };
    private readonly Option<int> limit = new("--limit", "-n") { Description = "How many at most.", DefaultValueFactory = _ => 50 };
    private readonly Option<string> cursor = new("--cursor") { Description = "Goes on where an earlier page ended: the next of its --json." };

    public ListVerb() : base("list", "List work items, most recently updated first; ready, delayed and blocked ones in the order in which they go on.")
    {
        state.AcceptOnlyFromAmong([.. StateNames.All]);
        Take(state, engine, queue, parent, resource, error, paused, limit, cursor, CommonOptions.Json, CommonOptions.Watch);
    }

    protected override async Task<int> RunAsync(Call call)
    {
        await using RoostRuntime roost = call.Open();
        var filter = new WorkFilter
        {
            Engine = call.Get(engine),
            Queue = call.Get(queue),
            ParentId = call.Get(parent) is { } of ? await IdResolver.FindAsync(roost, of, call.Stop) : null,
            Resource = call.Get(resource),
            Error = call.Get(error),
            IsPaused = call.Get(paused) ? true : null,
        };
        StateNames.TryApply(call.Get(state), filter, out filter);
        return await call.ShowAsync(async () =>
        {
            Page<WorkSummary> page = await FullPage.ReadAsync(call.Get(limit), call.Get(cursor), (most, from) =>
                roost.ListAsync(filter, most, from, call.Stop)
            );
            return new(page, print => Show(print, page));
        });
    }

    private static void Show(Printer print, Page<WorkSummary> page)
    {
        print.Table(
            ["id", "engine", "queue", "state", "prio", "version", "step", "updated", "error"],
            page.Items.Select(item => new[]
            {
                print.Id(item.Id), item.Engine, item.Queue, item.State.Name() + (item.Pause is null ? "" : ", paused"),
                item.Priority.ToString(CultureInfo.InvariantCulture),
                item.Version.ToString(CultureInfo.InvariantCulture), StepOf(item, print), print.Time(item.UpdatedAt), Text.Short(print.Hide(item.Error), 60),
            }),
            "No work item is like that.");
        if (page.Next is not null) Console.Error.WriteLine($"More: --cursor {page.Next}");
    }

    /// <summary>Its last step, and how far it is while it has not ended.</summary>
    private static string StepOf(WorkSummary item, Printer print) => string.Join(": ", ((string?[])
        [item.Step, item.State.IsEnded() ? null : Text.Short(print.Hide(item.Progress?.ToString()), MostProgress)]).Where(part => !string.IsNullOrEmpty(part)));
}
