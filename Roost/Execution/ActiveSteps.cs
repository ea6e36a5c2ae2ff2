using System.Collections.Concurrent;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>The steps that run now, by the tokens of their leases.</summary>
internal sealed class ActiveSteps
{
    private readonly ConcurrentDictionary<long, ActiveStep> steps = new();
    private readonly Pulse ended = new();

    public int Count => steps.Count;

    public ActiveStep[] All => [.. steps.Values];

    public bool Contains(long leaseToken) => steps.ContainsKey(leaseToken);

    public void Add(ActiveStep step) => steps[step.Lease.Token] = step;

    public void Remove(ActiveStep step)
    {
        steps.TryRemove(step.Lease.Token, out _);
        ended.Beat();
    }

    /// <summary>Fires the token of a step by its lease: the item may be in other hands by now, or in ours again.</summary>
    public void Cancel(long leaseToken, CancellationReason why)
    {
        if (steps.TryGetValue(leaseToken, out ActiveStep? step)) step.Cancel(why);
    }

    public void CancelAll(CancellationReason why)
    {
        foreach (ActiveStep step in steps.Values) step.Cancel(why);
    }

    public void AnnounceStop()
    {
        foreach (ActiveStep step in steps.Values) step.AnnounceStop();
    }

    /// <summary>True once none runs; false where one still does after this time.</summary>
    public async Task<bool> EndWithinAsync(TimeSpan time)
    {
        long since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task next = ended.Next;
            if (steps.IsEmpty) return true;
            TimeSpan left = time - TimeProvider.System.GetElapsedTime(since);
            if (left <= TimeSpan.Zero) return false;
            try
            {
                await next.WaitAsync(left).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return steps.IsEmpty;
            }
        }
    }
}
