using System.Collections.Concurrent;
using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// One of the rules by which work is resumed, held to while its program is killed: at each point that the code of a user can come to, and before each write
/// and each sync of the writer. On a push at one of each, chosen by a seed; RESUMING.md has the rules in words.
/// </summary>
[TestFixture, Category("Resuming")]
internal abstract class RuleTests : FolderFixture
{
    private const int FirstGuessOfPoints = 60, FirstGuessOfCalls = 600, AtOnce = 2, MostBeyond = 50;

    private protected abstract Scenario Program { get; }

    /// <summary>One thing happens after the other, so that the program comes to the same points in the same order each time.</summary>
    private protected virtual bool IsOrderly => true;

    [Test]
    public async Task Killed_at_points_of_a_users_code() => await KillAsync(null);

    [Test]
    public async Task Killed_before_writes_and_syncs_of_the_writer() => await KillAsync(await FaultShim.CompileAsync(folder.Root));

    /// <summary>The rule, of a file whose process was killed: looks at it, lets it be resumed, and looks again.</summary>
    private protected abstract Task MustHoldAsync(Killed killed);

    /// <summary>Lets the program run until it is killed or has done everything.</summary>
    private protected virtual async Task<Killed> RunAsync(string path, Func<ChildProcess> start)
    {
        await using ChildProcess child = start();
        IReadOnlyList<string> said = await child.EndAsync();
        child.Errors.Should().BeEmpty();
        return new(path, said);
    }

    private async Task KillAsync(string? library)
    {
        var died = new ConcurrentBag<string>();
        if (Effort.IsOnPush) await KillOnceAsync(library, died);
        else await KillInOrderAsync(library, died);
        string where = library is null ? $"at points of {died.Distinct().Count()} kinds" : "before a write or sync";
        Effort.Report($"{GetType().Name}: {died.Count} kills {where}");
    }

    /// <summary>At a number by chance: one beyond the last tells how many there are.</summary>
    private async Task KillOnceAsync(string? library, ConcurrentBag<string> died)
    {
        var random = new Random(Effort.Seed());
        for (int most = library is null ? FirstGuessOfPoints : FirstGuessOfCalls; died.IsEmpty;)
            if (await TryAsync(library, random.Next(most) + 1, died) is { HasEnded: true } whole)
                most = Math.Max(1, CountOf(whole, library) / (IsOrderly ? 1 : 2));
    }

    /// <summary>At each number, or a share of them, with the full effort at all that there are.</summary>
    private async Task KillInOrderAsync(string? library, ConcurrentBag<string> died)
    {
        Killed whole = await TryAsync(library, Points.None, died);
        whole.HasEnded.Should().BeTrue("it was not killed");
        int last = CountOf(whole, library);
        int[] numbers = [.. Enumerable.Range(1, last)];
        if (!Effort.IsFull) new Random(Effort.Seed()).Shuffle(numbers);
        await Parallel.ForEachAsync(
            numbers[..Effort.Times(1, last)],
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (number, _) => await TryAsync(library, number, died));
        // However many it came to when it was not killed: the last of all is the one behind which it ends.
        for (int number = last + 1; Effort.IsFull && !(await TryAsync(library, number, died)).HasEnded; number++)
            number.Should().BeLessThan(last + MostBeyond, "a program that is started again comes to as many");
        died.Should().NotBeEmpty();
        if (Effort.IsFull && library is null) await KillAtEachKindAsync(whole, died);
    }

    /// <summary>What runs beside the rest has other numbers each time, so that a kind may have been missed.</summary>
    private async Task KillAtEachKindAsync(Killed whole, ConcurrentBag<string> died)
    {
        foreach (string kind in whole.Reached.Distinct())
            for (int i = 0; i < MostBeyond && !died.Contains(kind); i++) await TryAsync(null, whole.Reached.IndexOf(kind) + 1, died);
        if (IsOrderly) died.Should().Contain(whole.Reached, "each kind of point was one to die at");
    }

    private static int CountOf(Killed whole, string? library) => library is null ? whole.Reached.Count : whole.CallCount;

    private async Task<Killed> TryAsync(string? library, int number, ConcurrentBag<string> died)
    {
        string own = Directory.CreateDirectory(folder[$"{Guid.NewGuid():N}"]).FullName, path = Path.Combine(own, "roost.db");
        await Program.PrepareAsync(path);
        int point = library is null ? number : Points.None, call = library is null ? Points.None : number;
        var environment = new Dictionary<string, string>(ChildProcess.Brief);
        if (library is not null) environment["LD_PRELOAD"] = library;
        Killed killed = await RunAsync(path, () => ChildProcess.StartWith(environment, "resume", path, Program.Name, $"{point}", $"{call}"));
        try
        {
            FileAudit.MustAgree(path);
            await MustHoldAsync(killed);
            FileAudit.MustAgree(path);
            EventAudit.MustBeOrderly(path);
        }
        catch (Exception e)
        {
            string where = library is null ? $"point {number} ({killed.Where})" : $"call {number}";
            throw new AssertionException($"Killed at {where}: {e.Message}\n{string.Join('\n', killed.Said)}", e);
        }
        if (!killed.HasEnded) died.Add(killed.Where);
        Directory.Delete(own, recursive: true);
        return killed;
    }
}
