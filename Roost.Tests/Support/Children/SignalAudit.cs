namespace Roost.Tests.Support;

/// <summary>What became of the signals and answers that <see cref="SignalVerb"/> said were acknowledged, and of the children that it started.</summary>
internal static class SignalAudit
{
    /// <summary>Works off what is there, and looks for each of them in the states of the items.</summary>
    public static async Task<(int Signals, int Answers, int Children)> MustBeAppliedOnceAsync(string path, IReadOnlyList<string> said)
    {
        FileAudit.MustAgree(path);
        ILookup<string, string> expected = said.Select(line => line.Split(' ')).Where(words => words[0] is "signalled" or "answered")
            .ToLookup(words => words[1], words => words[2]);
        await using RoostRuntime roost = SignalVerb.Open(ChildVerbs.Options(path));
        List<string> ids = roost.Items().FindAll(item => item.Engine != "member").ConvertAll(item => item.Id);
        foreach (string id in ids)
            // Nothing that it waits for is there.
            while (roost.Detail(id) is not { Summary.State: WorkState.Waiting, Wait.Children: null }) await roost.RunUntilIdleAsync();
        int children = 0;
        foreach (string id in ids)
        {
            IReadOnlyList<string> things = (await roost.GetSnapshotAsync(id)).DataAs<SignalVerb.Given>().Things;
            things.Should().OnlyHaveUniqueItems($"{id} is given each once");
            expected[id].Except(things).Should().BeEmpty($"{id} loses none");
            if (!id.StartsWith("family", StringComparison.Ordinal)) continue;
            string[] signals = [.. things.Where(thing => thing.Count(letter => letter == '.') == 1)];
            string[] members = [.. signals.SelectMany(signal => Enumerable.Range(0, SignalVerb.Members).Select(n => $"{signal}.{n}"))];
            things.Except(signals).Should().BeEquivalentTo(members, $"{id} joins each of its children");
            children += members.Length;
        }
        foreach (string[] words in said.Select(line => line.Split(' ')).Where(words => words[0] == "answered"))
        {
            AskInfo ask = await roost.GetAskAsync(words[3]);
            (ask.State, ask.Answer!.As<string>()).Should().Be((AskState.Answered, words[2]));
        }
        FileAudit.MustAgree(path);
        EventAudit.MustBeOrderly(path);
        return (Count("coll") + Count("fam"), Count("ask"), children);

        int Count(string prefix) => expected.Where(group => group.Key.StartsWith(prefix, StringComparison.Ordinal)).Sum(group => group.Count());
    }
}
