using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>Rule 1: what was committed is not run again.</summary>
internal sealed class CommittedIsNotRunAgainTests : RuleTests
{
    private sealed record Place(int Version, bool HasEnded, bool IsToBeTold);

    private protected override Scenario Program { get; } = new Walk();

    private protected override async Task MustHoldAsync(Killed killed)
    {
        Dictionary<string, Place> committed = Places(killed.Path);
        foreach (string[] line in Killed.Lines(killed.Said, "enqueued")) committed.Should().ContainKey(line[1], "it was acknowledged");
        foreach (string[] line in Killed.Lines(killed.Said, "ran"))
            committed[line[1]].Version.Should().BeGreaterThanOrEqualTo(int.Parse(line[2], null), "{0} was given a version that was committed", line[1]);

        List<string> resumed = await Program.ResumeAsync(killed.Path);

        foreach (string[] line in Killed.Lines(resumed, "ran"))
            if (committed.TryGetValue(line[1], out Place? at))
                (at.HasEnded, int.Parse(line[2], null) < at.Version).Should()
                    .Be((false, false), "{0} runs from version {1}, and {2} was committed", line[1], line[2], at);
        foreach (string[] line in Killed.Lines(resumed, "told"))
            if (committed.TryGetValue(line[1], out Place? at))
                (at.HasEnded && !at.IsToBeTold).Should().BeFalse("its engine had been told of the end of {0}", line[1]);

        MustHaveRunOnce([.. killed.Said, .. resumed], killed.HasEnded);
        Dictionary<string, Place> ended = Places(killed.Path);
        ended.Should().BeEquivalentTo(new Dictionary<string, Place>
        {
            [Walk.Walks] = new(4, true, false),
            [Walk.GivesUp] = new(2, true, false),
            [Walk.Child] = new(2, true, false),
        });
        FileAudit.Count(killed.Path, "roost_event WHERE kind = 'engine.walked'").Should().Be(6, "each step that ends adds its event once");
        FileAudit.Count(killed.Path, "roost_artifact").Should().Be(6);
        FileAudit.Count(killed.Path, "roost_event WHERE kind = 'end_told'").Should().Be(1);
    }

    /// <summary>
    /// Only the step that ran when the process was killed may have run twice, and the telling of an end beside it; what throws once runs twice by itself.
    /// </summary>
    private static void MustHaveRunOnce(List<string> said, bool wasWhole)
    {
        string[] ran = [.. Killed.Lines(said, "ran").Select(line => string.Join(' ', line))];
        ran.Distinct().Should().HaveCount(9, "three first states, and 3, 2 and 1 steps");
        int again = ran.GroupBy(line => line).Sum(same => same.Count() - (same.Key == $"ran {Walk.Walks} 2" ? 2 : 1)), atHand = wasWhole ? 0 : 1;
        again.Should().BeLessThanOrEqualTo(atHand, string.Join(" | ", ran));
        Killed.Lines(said, "told").Count.Should().BeInRange(1, 1 + atHand);
    }

    private static Dictionary<string, Place> Places(string path)
    {
        using SqliteConnection file = FileAudit.Open(path);
        return file.Query<(string Id, long Version, string State, long IsToBeTold)>(
            "SELECT w.id, w.version, w.state, EXISTS (SELECT 1 FROM roost_end e WHERE e.work = w.key) FROM roost_work w")
            .ToDictionary(row => row.Id, row => new Place((int)row.Version, row.State is "done" or "failed", row.IsToBeTold != 0));
    }
}
