using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using Text = Roost.AspNetCore.Output.Text;

namespace Roost.Commands.Output;

/// <summary>A worker at a glance, renewed twice a second: what runs, what waits, what just ended.</summary>
internal sealed class WorkerView(RoostRuntime roost, Printer print, CancellationToken draining)
{
    private const int Shown = 12;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    public Task RunAsync(CancellationToken stop) => print.Terminal.Live(new Markup("[grey]starting[/]")).StartAsync(async live =>
    {
        while (true)
        {
            live.UpdateTarget(await DrawAsync());
            live.Refresh();
            if (stop.IsCancellationRequested) return;
            await Task.Delay(Every, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    });

    private async Task<IRenderable> DrawAsync()
    {
        WorkCounts all = await roost.GetCountsAsync();
        StateCounts counts = all.Total;
        IReadOnlyList<WorkSummary> running = (await roost.ListAsync(new() { State = WorkState.Running }, Shown)).Items;
        IReadOnlyList<WorkSummary> recent = (await roost.ListAsync(limit: Shown)).Items;
        return new Rows([
            new Markup(
                $"[bold]roost worker[/] on {Markup.Escape(Text.Line(roost.Path))}  " +
                $"[grey]{(draining.IsCancellationRequested ? "draining; Ctrl-C again does not wait" : "Ctrl-C drains and ends")}[/]"
            ),
            Bar(counts),
            .. all.Pauses.Select(pause => new Markup($"[yellow]{Markup.Escape(Text.Line(print.Hide(PauseWords.Of(pause))))}[/]")),
            Table("running", running),
            Table("latest", [.. recent.Where(item => item.State != WorkState.Running)]),
        ]);
    }

    private static Markup Bar(StateCounts counts)
    {
        double ended = counts.Done + counts.Failed + counts.Cancelled;
        int filled = counts.Total == 0 ? 0 : (int)(ended / counts.Total * 30);
        return new Markup(string.Create(CultureInfo.InvariantCulture,
            $"[green]{new string('━', filled)}[/][grey]{new string('━', 30 - filled)}[/] {counts.Done:N0} done, [red]{counts.Failed:N0} failed[/], " +
            $"[blue]{counts.Running:N0} running[/], [magenta]{counts.Waiting:N0} waiting[/], {counts.Ready:N0} ready, {counts.Delayed:N0} delayed, " +
            $"{counts.Blocked:N0} blocked{(counts.Paused > 0 ? $", {counts.Paused:N0} paused" : "")}"));
    }

    private IRenderable Table(string title, IReadOnlyList<WorkSummary> items)
    {
        if (items.Count == 0) return new Markup($"[grey]{title}: nothing[/]");
        Table table = new Table().Border(TableBorder.Simple).BorderColor(Color.Grey).Title($"[grey]{title}[/]");
        foreach (string head in (string[])["id", "engine", "state", "version", "step", "updated"]) table.AddColumn(head);
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        foreach (WorkSummary item in items)
            table.AddRow([
                .. new[]
                {
                    print.Id(item.Id),
                    item.Engine,
                    item.State.Name(),
                    item.Version.ToString(CultureInfo.InvariantCulture),
                    item.Step ?? "",
                    Times.PastRelative(item.UpdatedAt, now),
                }.Select(cell => new Markup(Markup.Escape(Text.Line(cell)))),
            ]);
        return table;
    }
}
