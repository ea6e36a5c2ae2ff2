using Roost.Storage;

namespace Roost.Execution;

/// <summary>A leased item while this process steps it: its token, and why that has fired.</summary>
internal sealed class ActiveStep(LeasedWork lease, long workerKey) : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private int reason;

    public LeasedWork Lease { get; } = lease;

    public long WorkerKey { get; } = workerKey;

    public CancellationToken Token => source.Token;

    public CancellationReason Reason => (CancellationReason)Volatile.Read(ref reason);

    /// <summary>The lease is gone: what the step still brings is thrown away.</summary>
    public bool IsLost => Reason == CancellationReason.LeaseLost;

    /// <summary>Fires the token, on the thread pool: what is registered on it is the user's code. The first reason stays, but a lost lease outweighs any.</summary>
    public void Cancel(CancellationReason why)
    {
        int before = Interlocked.CompareExchange(ref reason, (int)why, (int)CancellationReason.None);
        if (why == CancellationReason.LeaseLost) Volatile.Write(ref reason, (int)why);
        if (before != (int)CancellationReason.None) return;
        ThreadPool.UnsafeQueueUserWorkItem(static step => step.Fire(), this, preferLocal: false);
    }

    public void Dispose() => source.Dispose();

    private void Fire()
    {
        try
        {
            source.Cancel();
        }
        catch (Exception e) when (e is ObjectDisposedException or AggregateException)
        {
            // The step has ended, or its own callbacks threw; neither may take the loop down.
        }
    }
}
