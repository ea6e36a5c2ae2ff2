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
    private const int SecondsToShrink = 15;

    [Test]
    public async Task Any_sequence_of_operations_on_two_runtimes_leaves_what_the_model_says()
    {
        int operations = 0, sequences = Effort.Times(40, 4000);
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
        int calls = 0, rounds = Effort.Times(15, 1500);
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

    /// <summary>A failure is made shorter for a while beyond the count of sequences, which may be over by then.</summary>
    private static async Task CheckAsync<T>(Gen<T[]> sequences, int count, Func<T[], Task> check)
    {
        try
        {
            await sequences.SampleAsync(check, iter: count, threads: 1, print: Print);
        }
        catch (CsCheckException failure) when (Seed().Match(failure.Message) is { Success: true } seed)
        {
            await sequences.SampleAsync(check, seed: seed.Groups[1].Value, time: SecondsToShrink, threads: 1, print: Print);
            throw;
        }
    }

    private static string Print<T>(T[] sequence) => string.Concat(sequence.Select((one, i) => $"\n  {i + 1}. {(one is Call[] calls ? string.Join("; ", (object[])calls) : one)}"));

    [GeneratedRegex("[Ss]eed[:=] ?\"?([0-9A-Za-z_-]+)")]
    private static partial Regex Seed();
}
