using System.CommandLine;
using System.Globalization;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>The kept versions of a work item's state, or one of them.</summary>
internal sealed class HistoryVerb : Verb
{
    private const int MostShown = 60, Widest = 20;

    private readonly Argument<string> id = CommonOptions.Id();
    private readonly Option<int?> version = new("--version", "-v") { Description = "Shows this version with its data.", HelpName = "number" };
    private readonly Option<bool> effects = new("--effects") { Description = "Shows what its steps have recorded of their effects." };

    public HistoryVerb() : base("history", "Show the versions of a work item's state.") => Take(id, version, effects, CommonOptions.Json);

    protected override Task<int> RunAsync(Call call)
    {
        if (call.Get(effects) && call.Get(version) is not null) throw new UsageException("--effects is given together with --version; give one of them.");
        return call.WithItemAsync(id, (roost, workId) => call.ShowAsync(() => call.Get(effects)
            ? EffectsAsync(call, roost, workId)
            : VersionsAsync(call, roost, workId)));
    }

    private async Task<Answer> VersionsAsync(Call call, RoostRuntime roost, string workId)
    {
        if (call.Get(version) is { } one)
        {
            Snapshot snapshot = await roost.GetSnapshotAsync(workId, one, call.Stop);
            return new(snapshot, print => print.Line(print.Pretty(snapshot.Data)));
        }
        IReadOnlyList<SnapshotVersion> versions = await roost.ListHistoryAsync(workId, call.Stop);
        long most = versions.Select(each => each.Added).DefaultIfEmpty().Max();
        return new(new { Items = versions }, print => print.Table(
            ["version", "step", "at", "delay", "size", "added", ""],
            versions.Select(each => new[]
            {
                each.Version.ToString(CultureInfo.InvariantCulture), each.Step, print.Time(each.At),
                each.Delay == TimeSpan.Zero ? "" : Times.Span(each.Delay), Times.Size(each.Size),
                Times.Size(each.Added), Bar(each.Added, most),
            }),
            "No step of it is committed yet."));
    }

    private static async Task<Answer> EffectsAsync(Call call, RoostRuntime roost, string workId)
    {
        IReadOnlyList<EffectInfo> found = await FullPage.AllAsync((most, from) => roost.ListEffectsAsync(workId, most, from, call.Stop));
        return new(new { Items = found }, print => print.Table(
            ["from version", "effect", "state", "began", "took", "key", "arguments", "result"],
            found.Select(each => new[]
            {
                each.Version.ToString(CultureInfo.InvariantCulture), Text.Line(each.Path), each.State.ToString().ToLowerInvariant(), print.Time(each.BegunAt),
                each.EndedAt is { } ended ? Times.Span(ended - each.BegunAt) : "", each.Key,
                each.Arguments is { } arguments ? Text.Short(print.Compact(arguments), MostShown) : "",
                each.Result is { } result ? Text.Short(print.Compact(result), MostShown) : "",
            }),
            "Its steps have recorded no effect, or none that is kept."));
    }

    /// <summary>What was written for a version, beside the most that was for any.</summary>
    private static string Bar(long added, long most) => most == 0 ? "" : new('#', (int)Math.Ceiling(Widest * (double)added / most));
}
