using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>Rule 3: a retry starts from the last snapshot, and a branch shares nothing that it must not.</summary>
internal sealed class RetryAndBranchTests : RuleTests
{
    private protected override Scenario Program { get; } = new Retries();

    private protected override async Task MustHoldAsync(Killed killed)
    {
        List<string> all = [.. killed.Said, .. await Program.ResumeAsync(killed.Path)];
        await using var roost = new RoostRuntime(killed.Path);
        string again = roost.Items().Single(item => item.Id != Retries.Item).Id;

        List<string> tries = Killed.Lines(all, "tried").ConvertAll(line => string.Join(' ', line[1..]).Replace(again, "again", StringComparison.Ordinal));
        // The first try of each version, and each retry, begins with its snapshot, with the same mail, as the first try.
        string[] expected =
        [
            "first 1 1 0 False []",
            $"first 2 1 1 False [{Retries.Mail}]",
            $"first 2 1 1 False [{Retries.Mail}]",
            $"first 2 1 1 False [{Retries.Mail}]",
            $"first 3 1 7 True [{Retries.Mail}]",
            "again 1 1 0 False []",
            "again 2 1 1 False []",
        ];
        tries.Distinct().Should().Equal(expected.Distinct(), "in this order, and no other");
        tries.Should().HaveCountGreaterThanOrEqualTo(expected.Length).And.HaveCountLessThanOrEqualTo(expected.Length + (killed.HasEnded ? 0 : 1));

        MustShareNoKey(all, again, killed.HasEnded ? 0 : 1);
        roost.StatesOf(Retries.Item).Should().Equal(State(0, false), State(1, false), State(7, true), State(7, true));
        roost.StatesOf(again).Should().Equal([State(0, false), State(1, false)], "it begins with a first state of its own");
        (await roost.ListSignalsAsync(again)).Items.Should().BeEmpty("mail is not shared");
        (roost.StateOf(Retries.Item), roost.StateOf(again)).Should().Be((WorkState.Done, WorkState.Failed));
        (await roost.ListEffectsAsync(Retries.Item)).Items.Select(effect => effect.Key)
            .Should().NotIntersectWith((await roost.ListEffectsAsync(again)).Items.Select(effect => effect.Key));

        static string State(int count, bool isMended) => $$"""{"count":{{count}},"is_mended":{{(isMended ? "true" : "false")}}}""";
    }

    /// <summary>A retry has what is recorded and does not call; a fresh one, another version and another item each have keys of their own.</summary>
    private static void MustShareNoKey(List<string> all, string again, int interrupted)
    {
        List<string[]> lines = Killed.Lines(all, "paid", "has");
        ILookup<string, string> keys = lines.Where(line => line[0] == "has").ToLookup(line => $"{line[1]} {line[2]}", line => line[3]);
        keys[$"{Retries.Item} 2"].Distinct().Should().HaveCount(2, "the fresh retry has another than the first try and its retry");
        keys[$"{Retries.Item} 3"].Distinct().Should().ContainSingle();
        keys[$"{again} 2"].Distinct().Should().ContainSingle();
        keys.SelectMany(each => each.Distinct()).Should().HaveCount(4).And.OnlyHaveUniqueItems("nothing is shared between them");

        string[] paid = [.. lines.Where(line => line[0] == "paid").Select(line => line[3])];
        paid.Distinct().Should().HaveCount(4);
        paid.Length.Should().BeLessThanOrEqualTo(4 + interrupted);
        foreach (string key in paid)
            lines.FindLastIndex(line => line[0] == "paid" && line[3] == key).Should()
                .BeLessThan(lines.FindIndex(line => line[0] == "has" && line[3] == key), "what is recorded is not called again");
    }
}
