namespace Roost.Sqlite.Writing;

/// <summary>
/// One mutation on its way to the writer. <see cref="Run"/> happens inside a transaction that may be rolled back and run again, so it
/// changes nothing but the session and what belongs to the writer thread; the caller learns the result once that is durable, on the thread
/// pool, where what it awaits goes on.
/// </summary>
internal abstract class WriteRequest : IThreadPoolWorkItem
{
    private Exception? failure;

    /// <summary>When it was asked for, in <see cref="Environment.TickCount64"/>.</summary>
    public long AskedAt { get; } = Environment.TickCount64;

    /// <summary>Whoever asked for it does not wait any more.</summary>
    public virtual bool IsCancelled => false;

    /// <summary>About how much it writes, for the bound on a batch.</summary>
    public abstract int Bytes { get; }

    /// <summary>Does what was asked for, within the session's transaction.</summary>
    public void Run(Session session)
    {
        failure = null;
        RunBody(session);
    }

    /// <summary>It alone was undone. Its caller learns so with the others, once they have landed: the reason may be one of them.</summary>
    public void Refuse(Exception exception) => failure = exception;

    /// <summary>Tells the caller at once why it has not landed.</summary>
    public void Fail(Exception exception)
    {
        failure = exception;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Tells the caller how it ended; what awaited that goes on before this returns.</summary>
    void IThreadPoolWorkItem.Execute() => Tell(failure);

    protected abstract void RunBody(Session session);

    protected abstract void Tell(Exception? failure);
}

internal class WriteRequest<TArgument, TResult>(TArgument argument, Func<Session, TArgument, TResult> body, int bytes) : WriteRequest
{
    private readonly TaskCompletionSource<TResult> completion = new();
    private TResult? result;

    public Task<TResult> Task => completion.Task;

    public override int Bytes => bytes;

    protected override void RunBody(Session session) => result = body(session, argument);

    protected override void Tell(Exception? failure)
    {
        if (failure is null) completion.SetResult(result!);
        else completion.SetException(failure);
    }
}

/// <summary>One whose caller may stop waiting for the lock of another process.</summary>
internal sealed class CancellableRequest<TArgument, TResult>(
    TArgument argument,
    Func<Session, TArgument, TResult> body,
    int bytes,
    CancellationToken cancellationToken
) : WriteRequest<TArgument, TResult>(argument, body, bytes)
{
    public override bool IsCancelled => cancellationToken.IsCancellationRequested;
}
