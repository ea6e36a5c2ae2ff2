using System.Collections.Immutable;
using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>Rule 5: a signal, an answer and the answer about an effect are consumed once, by whichever of 64 callers they come.</summary>
internal sealed class ConsumedOnceTests : RuleTests
{
    private protected override Scenario Program { get; } = new Calls();

    private protected override bool IsOrderly => false;

    /// <summary>The other half calls from this process at the same time.</summary>
    private protected override async Task<Killed> RunAsync(string path, Func<ChildProcess> start)
    {
        var said = new List<string>();
        await using RoostRuntime roost = Program.Open(path, _ => { });
        await using ChildProcess child = start();
        Task<IReadOnlyList<string>> ended = child.EndAsync();
        await Task.WhenAny(child.WaitForAsync("open"), ended);
        await Calls.CallAsync(roost, Enumerable.Range(Calls.Callers / 2, Calls.Callers / 2), Say);
        await roost.RunUntilIdleAsync();
        IReadOnlyList<string> lines = await ended;
        return new(path, [.. said, .. lines]);

        void Say(string line)
        {
            lock (said) said.Add(line);
        }
    }

    private protected override async Task MustHoldAsync(Killed killed)
    {
        // Who did not learn what became of his call calls again.
        List<string> all = [.. killed.Said, .. await Program.ResumeAsync(killed.Path)];
        await using var roost = new RoostRuntime(killed.Path);

        IReadOnlyList<string> collected = (await roost.GetSnapshotAsync(Calls.Collector)).DataAs<ImmutableList<string>>();
        collected.Should().BeEquivalentTo(Enumerable.Range(0, Calls.Callers).Select(caller => $"own-{caller}").Append(Calls.Shared), "each once");
        foreach (IGrouping<string, string[]> signal in Killed.Lines(all, Calls.Shared, "own").GroupBy(line => line[2]))
            MustBeOne(signal, signal.Key);
        foreach ((string kind, string item) in (IEnumerable<(string, string)>)[("answer", Calls.Asker), ("effect", Calls.Payer)])
        {
            Answer answer = (await roost.ListAsksAsync(new() { WorkId = item })).Items.Single().Answer!;
            List<string[]> lines = Killed.Lines(all, kind);
            MustBeOne(lines, kind);
            lines.Should().OnlyContain(line => line[2] == answer.By, "everybody learns whose it was");
            (await roost.GetSnapshotAsync(item)).DataAs<string>().Should().Be(answer.By.Replace("caller", "answer", StringComparison.Ordinal));
        }
        List<string[]> enqueued = Killed.Lines(all, "enqueued");
        enqueued.Where(line => line.Length == 3).Select(line => line[2]).Distinct().Should().ContainSingle();
        MustBeOne(enqueued, "the item");

        void MustBeOne(IEnumerable<string[]> lines, string what) =>
            lines.Count(line => line[1] == "True").Should().BeInRange(killed.HasEnded ? 1 : 0, 1, $"one caller of all is told that {what} is his");
    }
}
