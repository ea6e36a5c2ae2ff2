namespace Roost.Tests.Support;

/// <summary>What became of the effects of <see cref="EffectVerb"/>, by the account of the service behind them.</summary>
internal static class EffectAudit
{
    /// <summary>Works off what is there; how many effects were counted, how many calls were repeated, and how many questions were asked.</summary>
    public static async Task<(int Effects, int Repeated, int Asked)> MustBeMadeOnceAsync(string path, IReadOnlyList<string> said)
    {
        await using RoostRuntime roost = EffectVerb.Open(path, new Random(1));
        return await MustBeMadeOnceAsync(roost, said, EffectVerb.Steps);
    }

    /// <summary>The same of items of so many steps.</summary>
    public static async Task<(int Effects, int Repeated, int Asked)> MustBeMadeOnceAsync(RoostRuntime roost, IReadOnlyList<string> said, int steps)
    {
        string path = roost.Path;
        FileAudit.MustAgree(path);
        await EffectVerb.FinishAsync(roost, path);
        List<WorkSummary> items = roost.Items();
        IEnumerable<string> enqueued = said.Where(line => line.StartsWith("enqueued ", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]);
        enqueued.Except(items.Select(item => item.Id)).Should().BeEmpty();
        items.Should().OnlyContain(item => item.State == WorkState.Done);

        List<(string What, string Result)> lines = EffectVerb.Service.Lines(path);
        var results = new List<string>();
        int asked = 0, ofEach = (1 + steps) * EffectVerb.EffectsOfAStep;
        foreach (WorkSummary item in items)
        {
            results.AddRange((await roost.GetSnapshotAsync(item.Id)).DataAs<EffectVerb.Paid>().Things);
            asked += (await roost.ListAsksAsync(new() { WorkId = item.Id }, 1000)).Items.Count;
            MustBeSaidOnce(item.Id, results[^ofEach..], (await roost.ReadStreamAsync(item.Id, EffectVerb.Said)).Pieces, said);
        }
        results.Should().HaveCount(items.Count * ofEach, "none is lost")
            .And.OnlyHaveUniqueItems("each has a key of its own");
        string[] calls = [.. lines.Where(line => line.What == "called").Select(line => line.Result)];
        calls.Distinct().Should().BeEquivalentTo(results, "what the service has counted is what the items have");
        calls.GroupBy(call => call).Where(each => !each.Key.StartsWith("repeat", StringComparison.Ordinal) && each.Count() > 1).Should()
            .BeEmpty("what is not known is not repeated silently");
        ILookup<(string What, string Result), int> places = lines.Select((line, n) => (line, n)).ToLookup(each => each.line, each => each.n);
        foreach (string result in results)
            places[("called", result)].Max().Should().BeLessThan(places[("recorded", result)].Min(), "what is recorded is not called again");
        FileAudit.MustAgree(path);
        EventAudit.MustBeOrderly(path);
        return (results.Count, calls.Length - results.Count, asked);
    }

    /// <summary>Of each step what the try that committed has said, all of it; and nowhere has anybody ever read anything else at the same offset.</summary>
    private static void MustBeSaidOnce(string id, IReadOnlyList<string> results, IReadOnlyList<StreamPiece> pieces, IReadOnlyList<string> said)
    {
        string.Concat(pieces.Select(piece => piece.Text)).Should().Be(string.Concat(results.Skip(EffectVerb.EffectsOfAStep).Select(result => $"{result};")));
        pieces.Should().OnlyContain(piece => piece.IsCommitted);
        var letters = new Dictionary<long, char>(); // What is said is ASCII.
        IEnumerable<(long Offset, string Text)> read = said.Select(line => line.Split(' ')).Where(words => words is ["said", var of, _, _] && of == id)
            .Select(words => (long.Parse(words[2], null), words[3]));
        foreach ((long offset, string text) in read.Concat(pieces.Select(piece => (piece.Offset, piece.Text))))
            for (int i = 0; i < text.Length; i++)
                if (!letters.TryAdd(offset + i, text[i])) letters[offset + i].Should().Be(text[i], $"offset {offset + i} of {id} was used before");
    }
}
