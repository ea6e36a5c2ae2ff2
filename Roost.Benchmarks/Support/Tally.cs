namespace Roost.Benchmarks;

/// <summary>Makes the counter's steps for a <see cref="Rival"/> and knows when all are made, none twice.</summary>
internal sealed class Tally
{
    private readonly TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int wanted;
    private int made, left;

    public Tally(int items, int steps) => (left, wanted) = (items, items * steps);

    public static Counter First(int steps) => new(0, steps, new('x', 150));

    /// <summary>The state after one more step.</summary>
    public Counter Step(Counter state)
    {
        state = state with { Count = state.Count + 1 };
        Interlocked.Increment(ref made);
        if (state.Count == state.Target && Interlocked.Decrement(ref left) == 0) done.SetResult();
        return state;
    }

    public async Task WaitAsync()
    {
        await done.Task.WaitAsync(TimeSpan.FromMinutes(10));
        if (made != wanted) throw new InvalidOperationException($"{made} steps were made where {wanted} are right.");
    }
}
