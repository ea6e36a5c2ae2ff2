using System.Text.Json.Nodes;
using Roost.AspNetCore.Output;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>What is told of two versions is what changed, and no more.</summary>
[TestFixture]
internal sealed class JsonDiffTests
{
    [Test]
    public void A_window_that_moves_on_by_one_is_two_changes()
    {
        JsonDiff diff = Between(Messages(0, 400), Messages(1, 401));

        diff.Changes.Select(change => (change.Kind, change.Path)).Should().Equal(("removed", "$.messages[0]"), ("added", "$.messages[399]"));
        diff.Placewise.Should().BeEmpty();
    }

    [Test]
    public void What_is_put_in_the_middle_is_one_change_though_elements_are_alike()
    {
        Between("[1,1,2,2,1,1]", "[1,1,2,9,2,1,1]").Changes.Select(change => (change.Kind, change.Path)).Should().Equal(("added", "$[3]"));
        Between("""[{"a":1,"b":2}]""", """[{"b":2.0,"a":1e0}]""").Changes.Should().BeEmpty("the order of members and how a number is written change nothing");
    }

    [Test]
    public void An_element_that_changed_in_its_place_is_told_by_what_changed_within()
    {
        Between("""[{"id":1,"n":1},{"id":2,"n":1},{"id":3}]""", """[{"id":2,"n":1},{"id":3,"n":7}]""").Changes.Select(change => (change.Kind, change.Path))
            .Should().Equal(("removed", "$[0]"), ("added", "$[1].n"));
    }

    [Test]
    public void Lists_that_have_too_little_in_common_are_compared_place_by_place_and_that_is_said()
    {
        static string Numbers(int from) => $"[{string.Join(',', Enumerable.Range(0, 1500).Select(i => from + i))}]";

        JsonDiff diff = Between(Numbers(0), Numbers(100_000));

        diff.Placewise.Should().Equal("$");
        diff.Changes.Should().HaveCount(1500).And.OnlyContain(change => change.Kind == "changed");
    }

    [Test]
    public void The_common_part_is_the_longest_there_is_and_the_changes_make_the_newer_of_the_older()
    {
        int seed = Effort.Seed();
        var random = new Random(seed);
        for (int round = 0; round < 500; round++)
        {
            int[] older = Some(random), newer = Some(random);
            List<(int Before, int After)> same = ListAlignment.Of(List(older), List(newer))!;

            same.Should().HaveCount(Longest(older, newer), $"ROOST_SEED={seed}");
            same.All(pair => older[pair.Before] == newer[pair.After]).Should().BeTrue();
            same.Zip(same.Skip(1)).All(pair => pair.First.Before < pair.Second.Before && pair.First.After < pair.Second.After).Should().BeTrue();
        }
    }

    [Test]
    public void Long_lists_are_compared_in_bounded_time()
    {
        string one = $"[{string.Join(',', Enumerable.Range(0, 100_000).Select(i => i % 7))}]",
            other = $"[{string.Join(',', Enumerable.Range(0, 100_000).Select(i => i * 31 % 11))}]";
        var watch = System.Diagnostics.Stopwatch.StartNew();

        Between(one, other).Placewise.Should().Equal("$");

        watch.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(10));
    }

    [Test]
    public void Elements_that_stand_together_are_one_run()
    {
        ChangeRun[] runs = [.. ChangeRun.Of(Between("""{"a":[1,2,3,4,5],"b":1}""", """{"a":[5],"b":2}""").Changes)];

        runs.Select(run => (run.Kind, run.Path, run.Changes.Count)).Should().Equal(("removed", "$.a[0..3]", 4), ("changed", "$.b", 1));
    }

    [Test]
    public void A_secret_in_a_list_stays_one()
    {
        JsonDiff diff = Between("""{"api_keys_list":[],"token":["a","b"],"x":[{"password":"p"}]}""", """{"api_keys_list":[],"token":["b","c"],"x":[]}""");

        diff.Changes.Select(change => $"{change.Before?.ToJsonString()} {change.After?.ToJsonString()}")
            .Should()
            .Equal("\"***\" ", " \"***\"", """{"password":"***"} """);
    }

    private static JsonDiff Between(string before, string after) =>
        JsonDiff.Between(JsonNode.Parse(before), JsonNode.Parse(after), new SecretKeys(SecretKeys.Usual, false));

    private static string Messages(int from, int to) =>
        $$"""{"messages":[{{string.Join(',', Enumerable.Range(from, to - from).Select(i => $$"""{"role":"user","text":"message {{i}}"}"""))}}]}""";

    private static int[] Some(Random random) => [.. Enumerable.Range(0, random.Next(25)).Select(_ => random.Next(4))];

    private static JsonArray List(int[] numbers) => [.. numbers.Select(number => (JsonNode)number)];

    private static int Longest(int[] a, int[] b)
    {
        int[,] best = new int[a.Length + 1, b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
            for (int j = 1; j <= b.Length; j++) best[i, j] = a[i - 1] == b[j - 1] ? best[i - 1, j - 1] + 1 : Math.Max(best[i - 1, j], best[i, j - 1]);
        return best[a.Length, b.Length];
    }
}
