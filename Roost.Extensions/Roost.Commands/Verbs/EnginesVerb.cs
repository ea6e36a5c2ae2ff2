using System.Globalization;
using Roost.Commands.Input;
using Roost.Commands.Loading;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>The engines that this program has, and those that the file's work names.</summary>
internal sealed class EnginesVerb : Verb
{
    public EnginesVerb() : base("engines", "List the engines, their work, and what nobody serves.") => Take(CommonOptions.Json, CommonOptions.Watch);

    private sealed record Line(
        string EngineId,
        bool IsHere,
        int Workers,
        StateCounts Counts,
        IReadOnlyList<QueueCounts> Queues,
        IReadOnlyList<OldestReady> OldestReady,
        IReadOnlyList<UnservedWork> Unserved,
        PauseInfo? Pause
    );

    protected override async Task<int> RunAsync(Call call)
    {
        // The engines of this program can be told without a file, but a file that was named has to be there.
        bool hasFile = call.Database.IsNamed || File.Exists(call.Database.Path);
        await using RoostRuntime? roost = hasFile ? call.Open() : null;
        IReadOnlyList<string> here = BuiltIn.OrNone(call.AddEngines, why =>
            Console.Error.WriteLine(Text.Lines(call.Print.Hide($"The engines of this program cannot be told: {why.Message}")))
        );
        return await call.ShowAsync(async () =>
        {
            Line[] lines = Merge(here, roost is null ? [] : await roost.ListEnginesAsync(call.Stop));
            return new(new { Items = lines }, print => Show(print, lines));
        });
    }

    private static Line[] Merge(IReadOnlyList<string> here, IReadOnlyList<EngineInfo> stored)
    {
        var nothing = new StateCounts();
        IEnumerable<Line> known = stored.Select(each => new Line(
            each.EngineId,
            here.Contains(each.EngineId),
            each.Workers,
            each.Counts,
            each.Queues,
            each.OldestReady,
            each.Unserved,
            each.Pause
        ));
        IEnumerable<Line> others = here.Except(stored.Select(each => each.EngineId)).Select(id => new Line(id, true, 0, nothing, [], [], [], null));
        return [.. known.Concat(others).OrderBy(line => line.EngineId, StringComparer.Ordinal)];
    }

    private static void Show(Printer print, Line[] lines)
    {
        print.Table(
            ["engine", "built in", "workers", "queued", "running", "waiting", "done", "failed", "cancelled", "paused", "oldest ready"],
            lines.Select(line => new[]
            {
                line.EngineId, line.IsHere ? "yes" : "no", line.Workers.ToString(CultureInfo.InvariantCulture),
                Text.Number(line.Counts.Queued), Text.Number(line.Counts.Running), Text.Number(line.Counts.Waiting),
                Text.Number(line.Counts.Done), Text.Number(line.Counts.Failed), Text.Number(line.Counts.Cancelled),
                line.Pause is null ? Text.Number(line.Counts.Paused) : "all",
                print.Time(line.OldestReady.Count == 0 ? null : line.OldestReady.Min(each => each.Since)),
            }),
            "There is no engine.");
        foreach (Line line in lines)
        {
            if (line.Pause is { } pause) print.Line(Text.Line(print.Hide($"{line.EngineId}: {PauseWords.Shortly(pause)}")));
            foreach (UnservedWork unserved in line.Unserved) print.Line($"{Text.Line(line.EngineId)}: {Text.Line(print.Hide(unserved.Why))}");
        }
    }
}
