namespace Roost.Stores;

/// <summary>Tells everybody who waits that something has changed; who looks first and then waits misses nothing.</summary>
internal sealed class Pulse
{
    private TaskCompletionSource next = Fresh();

    /// <summary>Ends at the next pulse. Take it before looking.</summary>
    public Task Next => Volatile.Read(ref next).Task;

    public void Beat() => Interlocked.Exchange(ref next, Fresh()).TrySetResult();

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
