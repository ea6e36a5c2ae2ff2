using Roost.AspNetCore.Output;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>What command and console say after somebody has set the clock.</summary>
[TestFixture]
internal sealed class ClockWordTests
{
    private static readonly DateTimeOffset Now = TestRuntime.Start;

    [TestCase(-3, "3 s ago")]
    [TestCase(0, "now")]
    [TestCase(-119, "1 min 59 s ago")]
    [TestCase(-30 * 3600, "1 d 6 h ago")]
    [TestCase(7200, "by a clock 2 h ahead")]
    public void What_has_happened_is_never_told_as_still_to_come(int seconds, string words)
    {
        Times.PastRelative(Now.AddSeconds(seconds), Now).Should().Be(words);
    }

    [Test]
    public void What_is_still_to_come_is_told_as_that()
    {
        Times.Relative(Now.AddHours(2), Now).Should().Be("in 2 h");
    }

    [Test]
    public async Task A_worker_that_claims_nothing_is_shown_with_when_it_does_again()
    {
        using var folder = new CommandFolder();
        await using var roost = new RoostRuntime(folder.Database);
        using SqliteGhost worker = await SqliteGhost.StartAsync(roost, ScriptedEngine.CountingTo(1));
        long again = Now.AddSeconds(30).ToUnixTimeMilliseconds();
        await worker.Writer.RunAsync(session =>
        {
            session.Workers.ClaimsAgain(worker.Key, again, -3_600_000);
            return true;
        });

        (await folder.RunAsync("workers")).Ends(0).Output.Should().Contain("alive, the clock was set: claims again 2026-01-01T00:00:30.000Z");
        (await folder.RunAsync("workers", "--json")).Ends(0).Json.GetProperty("items")[0].GetProperty("clock_set_by").GetDouble().Should().Be(-3600);
    }
}
