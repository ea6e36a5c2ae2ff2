using System.CommandLine;
using System.Globalization;
using Roost.Commands.Input;

namespace Roost.Commands.Verbs;

/// <summary>The kept versions of a work item's state, or one of them.</summary>
internal sealed class HistoryVerb : Verb
{
    private readonly Argument<string> id = CommonOptions.Id();
    private const int Widest = 20;

    private readonly Option<int?> version = new("--version", "-v") { Description = "Shows this version with its data.", HelpName = "number" };

    public HistoryVerb() : base("history", "Show the versions of a work item's state.") => Take(id, version, CommonOptions.Json);

    protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, (roost, workId) => call.ShowAsync(async () =>
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
    }));

    /// <summary>What was written for a version, beside the most that was for any.</summary>
    private static string Bar(long added, long most) => most == 0 ? "" : new('#', (int)Math.Ceiling(Widest * (double)added / most));
}
