using System.Diagnostics;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>Processes that work on one file are killed at random moments; what they said was acknowledged is the oracle.</summary>
[TestFixture, Category("Reliability")]
internal sealed class KillTests : FolderFixture
{
    private const int KillsInOneFile = 200, FilesAtOnce = 2;

    [Test]
    public async Task Killing_workers_at_random_moments_loses_tears_and_doubles_nothing()
    {
        int kills = Effort.Times(30, 10_000), files = FilesFor(kills), acknowledged = 0, artifacts = 0;
        long since = Stopwatch.GetTimestamp();
        await KillInFilesAsync("crash", kills, async (path, said) =>
        {
            said.Count.Should().BeGreaterThan(kills / files, "the children have to get something done between the kills");
            int read = await MustBeRightAsync(path, said);
            Interlocked.Add(ref acknowledged, said.Count);
            Interlocked.Add(ref artifacts, read);
        });
        TimeSpan all = Stopwatch.GetElapsedTime(since);
        Effort.Report(
            $"{kills} kills on {files} files ({kills / all.TotalMinutes:N0} a minute with all checks), {acknowledged} acknowledgements and {artifacts} " +
            $"artifacts checked, none lost, doubled or torn"
        );
    }

    [Test]
    public async Task Killing_workers_whose_items_wait_loses_no_signal_no_answer_and_no_child_and_applies_none_twice()
    {
        int kills = Effort.Times(24, 2000), signals = 0, answers = 0, children = 0;
        await KillInFilesAsync("signal-crash", kills, async (path, said) =>
        {
            (int applied, int answered, int joined) = await SignalAudit.MustBeAppliedOnceAsync(path, said);
            Interlocked.Add(ref signals, applied);
            Interlocked.Add(ref answers, answered);
            Interlocked.Add(ref children, joined);
        });
        signals.Should().BePositive();
        answers.Should().BePositive();
        children.Should().BePositive();
        Effort.Report(
            $"{kills} kills on {FilesFor(kills)} files, {signals} signals and {answers} answers acknowledged, each applied once, and {children} children " +
            $"joined");
    }

    [Test]
    public async Task Killing_workers_within_effects_repeats_none_that_is_recorded_none_silently_that_is_unknown_and_loses_none()
    {
        int kills = Effort.Times(16, 2000), effects = 0, repeated = 0, asked = 0;
        await KillInFilesAsync("effect-crash", kills, async (path, said) =>
        {
            (int made, int again, int questions) = await EffectAudit.MustBeMadeOnceAsync(path, said);
            Interlocked.Add(ref effects, made);
            Interlocked.Add(ref repeated, again);
            Interlocked.Add(ref asked, questions);
        });
        effects.Should().BePositive();
        Effort.Report(
            $"{kills} kills on {FilesFor(kills)} files, {effects} effects each counted once by the service behind them, {repeated} calls that may be " +
            $"repeated made again, and {asked} questions asked and answered truthfully");
    }

    private static int FilesFor(int kills) => Math.Max(FilesAtOnce, kills / KillsInOneFile);

    /// <summary>Shares the kills among files, each in a folder of its own that is gone once it was looked at.</summary>
    private async Task KillInFilesAsync(string verb, int kills, Func<string, List<string>, Task> verify)
    {
        int seed = Effort.Seed(), files = FilesFor(kills), done = 0;
        long since = Stopwatch.GetTimestamp();
        await Parallel.ForEachAsync(Enumerable.Range(0, files), new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce }, async (series, _) =>
        {
            string own = Directory.CreateDirectory(folder[$"series-{series}"]).FullName, path = Path.Combine(own, "roost.db");
            await verify(path, await KillAsync(path, verb, new Random(unchecked(seed + series)), kills / files));
            Directory.Delete(own, recursive: true);
            if (Interlocked.Add(ref done, kills / files) < kills)
                TestContext.Progress.WriteLine($"{done} kills in {Stopwatch.GetElapsedTime(since).TotalSeconds:N0} s");
        });
    }

    /// <summary>Three or four processes live at any time; one of them, whichever, is killed wherever it is, its start included.</summary>
    private static async Task<List<string>> KillAsync(string path, string verb, Random random, int kills)
    {
        var acknowledged = new List<string>();
        var alive = new List<ChildProcess>();
        try
        {
            for (; kills > 0; kills--)
            {
                while (alive.Count < random.Next(3, 5)) alive.Add(ChildProcess.StartWith(ChildProcess.Brief, verb, path, $"{random.Next()}"));
                // Every second one does not get beyond its first moments, in which it opens the file, takes over from the dead and begins.
                bool atStart = random.Next(2) == 0;
                ChildProcess victim = atStart ? alive[^1] : alive[random.Next(alive.Count)];
                alive.Remove(victim);
                if (!atStart) await victim.WaitForLinesAsync(random.Next(1, 10), or: CrashVerb.Over);
                await Task.Delay(random.Next(atStart ? 400 : 40)); // The moment of the kill is what is random here; nothing waits for it.
                acknowledged.AddRange(await victim.KillAsync());
                await victim.DisposeAsync();
            }
        }
        finally
        {
            foreach (ChildProcess child in alive)
            {
                acknowledged.AddRange(await child.KillAsync());
                await child.DisposeAsync();
            }
        }
        return acknowledged;
    }

    private static async Task<int> MustBeRightAsync(string path, List<string> said)
    {
        FileAudit.MustHold(path, said);
        FileAudit.MustAgree(path);
        EventAudit.MustBeOrderly(path);
        await Drain.ThroughAsync(path);
        await Drain.SweepAsync(path);
        FileAudit.MustHold(path, said);
        FileAudit.MustAgree(path);
        FileAudit.MustHaveNoLeftovers(path);
        EventAudit.MustBeOrderly(path);
        FileAudit.Count(path, "roost_work WHERE state NOT IN ('done', 'cancelled')").Should().Be(0, "every item ends");
        return await ChildAudit.MustBeWholeAsync(path);
    }
}
