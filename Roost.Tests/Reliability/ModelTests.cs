using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Text.RegularExpressions;
using CsCheck;
using Roost.Tests.Support;
using Roost.Tests.Support.Model;

namespace Roost.Tests.Reliability;

/// <summary>
/// Random sequences of every public operation against a model in memory. A sequence that fails is printed as short as it could be made, with the
/// seed that gives it again: <c>CsCheck_Seed=... dotnet test --filter ...</c>
/// </summary>
[TestFixture]
[Category("Reliability")]
internal sealed partial class ModelTests
{
    private const int LongestSequence = 60;
    private const int Callers = 4;
    private static readonly TimeSpan TimeToShorten = TimeSpan.FromSeconds(30);

    [Test]
    public async Task Any_sequence_of_operations_on_two_runtimes_leaves_what_the_model_says()
    {
        int operations = 0, sequences = Effort.Times(16, 4000);
        await CheckAsync(Operations.Any.Array[1, LongestSequence], sequences, async sequence =>
        {
            await using var world = new World();
            foreach (Operation operation in sequence)
            {
                await operation.RunAsync(world);
                operations++;
            }
            await world.EndAsync();
        });
        Effort.Report($"{sequences:N0} sequences, {operations:N0} operations");
    }

    [Test]
    public async Task Whatever_callers_do_at_once_beside_running_loops_the_history_is_one_that_the_model_allows()
    {
        int calls = 0, rounds = Effort.Times(10, 1500);
        await CheckAsync(Operations.AnyCall.Array[1, 12].Array[Callers], rounds, async callers =>
        {
            await using var world = new World(concurrency: 4);
            await world.CallAsync([.. callers.Select(own => own.Select(call => call.RunAsync).ToArray())]);
            calls += callers.Sum(own => own.Length);
            await world.WorkOffAsync();
            await world.EndAsync();
        });
        Effort.Report($"{rounds:N0} rounds of {Callers} callers, {calls:N0} calls");
    }

    /// <summary>What fails is made shorter: one part after the other is left out for as long as the rest still fails.</summary>
    private static async Task CheckAsync<T>(Gen<T[]> sequences, int count, Func<T[], Task> check)
    {
        T[] failing = [];
        Exception? first = null;
        try
        {
            await sequences.SampleAsync(async sequence =>
            {
                if (await FailAsync(check, sequence) is not { } failure) return;
                (failing, first) = (sequence, failure);
                ExceptionDispatchInfo.Throw(failure);
            }, iter: count, threads: 1, print: Print);
        }
        catch (CsCheckException e)
        {
            (T[] shortest, Exception? why) = await ShortenAsync(failing, check);
            throw new AssertionException(
                $"CsCheck_Seed={Seed().Match(e.Message).Groups[1].Value} gives it again. " +
                $"{(why is null ? "It did not fail again" : "As short as it could be made")}:{Print(shortest)}\n{(why ?? first)!.Message}",
                first
            );
        }
    }

    private static async Task<(T[] Shortest, Exception? Why)> ShortenAsync<T>(T[] failing, Func<T[], Task> check)
    {
        Exception? why = null;
        var spent = Stopwatch.StartNew();
        while (why is null && spent.Elapsed < TimeToShorten / 2) why = await FailAsync(check, failing); // Threads may come in another order.
        for (int at = failing.Length - 1; at >= 0 && why is not null && spent.Elapsed < TimeToShorten; at--)
        {
            T[] shorter = [.. failing[..at], .. failing[(at + 1)..]];
            if (await FailAsync(check, shorter) is not { } failure) continue;
            (failing, why) = (shorter, failure);
        }
        return (failing, why);
    }

    private static async Task<Exception?> FailAsync<T>(Func<T[], Task> check, T[] sequence)
    {
        try
        {
            await check(sequence);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    private static string Print<T>(T[] sequence) =>
        string.Concat(sequence.Select((one, i) => $"\n  {i + 1}. {(one is Call[] calls ? string.Join("; ", (object[])calls) : one)}"));

    [GeneratedRegex("[Ss]eed[:=] ?\"?([0-9A-Za-z_-]+)")]
    private static partial Regex Seed();
}
