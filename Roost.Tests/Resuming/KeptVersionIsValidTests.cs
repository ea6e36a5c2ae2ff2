using System.Text.Json.Nodes;
using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>Rule 4: every kept version is valid.</summary>
internal sealed class KeptVersionIsValidTests : RuleTests
{
    private readonly Lazy<Task<IReadOnlyDictionary<int, string>>> made = new(MakeAsync);

    private protected override Scenario Program { get; } = new Growth();

    private protected override async Task MustHoldAsync(Killed killed)
    {
        int committed;
        await using (var looking = new RoostRuntime(killed.Path)) committed = await MustBeValidAsync(looking);
        // Whoever goes on does so with a newer version of the engine every other time.
        await using RoostRuntime roost = Growth.Open(killed.Path, Growth.Shape + (killed.Said.Count % 2));
        await Program.ActAsync(roost, _ => { });

        (await MustBeValidAsync(roost)).Should().Be(Growth.Steps + 1).And.BeGreaterThanOrEqualTo(committed);
    }

    /// <summary>Whatever is listed reads as what was made, and nothing is missing that is promised to be kept.</summary>
    private async Task<int> MustBeValidAsync(RoostRuntime roost)
    {
        int last = roost.Items().Single().Version;
        int[] kept = [.. (await roost.ListHistoryAsync(Growth.Id)).Select(each => each.Version)];
        kept.Should().OnlyHaveUniqueItems();
        Enumerable.Range(1, last).Where(version => version <= Growth.First || version > last - Growth.Last).Except(kept).Should().BeEmpty("they are kept");
        foreach (int version in kept)
        {
            var state = (JsonObject)JsonNode.Parse((await roost.GetSnapshotAsync(Growth.Id, version)).Data.GetRawText())!;
            state.Remove("migrated");
            state.ToJsonString(RoostJson.Default).Should().Be((await made.Value)[version], $"version {version} of {last}");
        }
        return last;
    }

    /// <summary>What each version is where nobody is killed.</summary>
    private static async Task<IReadOnlyDictionary<int, string>> MakeAsync()
    {
        var engine = new GrowingEngine(Growth.Seed, Growth.Steps);
        await using RoostRuntime roost = TestRuntime.Create(null, engine);
        await roost.EnqueueAsync(new WorkItem("growing") { Id = Growth.Id });
        await roost.RunUntilIdleAsync();
        return engine.Made;
    }
}
