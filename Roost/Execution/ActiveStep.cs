using Roost.Stores;

namespace Roost.Execution;

/// <summary>A leased item while this process steps it: its token, and why that has fired.</summary>
internal sealed class ActiveStep(LeasedWork lease) : IDisposable
{
    private readonly Lock gate = new();
    private CancellationTokenSource source = new();
    private CancellationReason reason;
    private CancellationTokenSource? stopping;
    private bool cancelled, lost, isStopping;

    public LeasedWork Lease { get; } = lease;

    /// <summary>Where its effects are recorded, of one whose lease stands in no store; else null.</summary>
    public EffectLog? Effects { get; init; }

    /// <summary>Its slot has become free together with the lease, by a write that has landed.</summary>
    public bool IsSlotFree { get; set; }

    public CancellationToken Token
    {
        get
        {
            lock (gate) return source.Token;
        }
    }

    /// <summary>Fires when the loop begins to stop; made for those who ask for it.</summary>
    public CancellationToken Stopping
    {
        get
        {
            lock (gate) return isStopping && stopping is null ? new CancellationToken(canceled: true) : (stopping ??= new()).Token;
        }
    }

    /// <summary>The loop has begun to stop, and nothing else has told the step to.</summary>
    public bool IsOnlyStopping
    {
        get
        {
            lock (gate) return isStopping && reason == CancellationReason.None;
        }
    }

    public CancellationReason Reason
    {
        get
        {
            lock (gate) return reason;
        }
    }

    /// <summary>The lease is gone: what the step still brings is thrown away.</summary>
    public bool IsLost => Reason == CancellationReason.LeaseLost;

    /// <summary>
    /// Fires the token, on the thread pool: what is registered on it is the user's code. The first reason stays, but a lost lease outweighs any.
    /// </summary>
    public void Cancel(CancellationReason why)
    {
        lock (gate)
        {
            cancelled |= why == CancellationReason.Cancelled;
            lost |= why == CancellationReason.LeaseLost;
            CancellationReason before = reason;
            if (before == CancellationReason.None || lost) reason = why == CancellationReason.None ? before : lost ? CancellationReason.LeaseLost : why;
            if (before != CancellationReason.None) return;
            ThreadPool.UnsafeQueueUserWorkItem(Fire, source, preferLocal: false);
        }
    }

    /// <summary>The loop begins to stop: whoever wants to be done before its time to drain is over learns so.</summary>
    public void AnnounceStop()
    {
        lock (gate)
        {
            if (isStopping) return;
            isStopping = true;
            if (stopping is not null) ThreadPool.UnsafeQueueUserWorkItem(Fire, stopping, preferLocal: false);
        }
    }

    /// <summary>
    /// On to the next step of the same lease. A time that was over concerns the last step alone; a cancel or a loss that came while its
    /// commit was on the way concerns this one too.
    /// </summary>
    public void GoOn()
    {
        lock (gate)
        {
            if (stopping is { IsCancellationRequested: false })
            {
                stopping.Dispose(); // What the last step has registered on it concerns that step alone.
                stopping = null;
            }
            if (reason == CancellationReason.None) return;
            reason = CancellationReason.None;
            source.Dispose();
            source = new();
            if (!cancelled && !lost) return;
            reason = lost ? CancellationReason.LeaseLost : CancellationReason.Cancelled;
            source.Cancel();
        }
    }

    public void Dispose()
    {
        source.Dispose();
        stopping?.Dispose();
    }

    private static void Fire(CancellationTokenSource source)
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
