namespace Roost.Storage;

/// <summary>
/// One mutation on its way to the writer. <see cref="Execute"/> runs inside a transaction that may be rolled back and run again, so it
/// changes nothing but the session and what belongs to the writer thread; the caller learns the result once that is durable.
/// </summary>
internal abstract class WriteRequest
{
    /// <summary>About how much it writes, for the bound on a batch.</summary>
    public abstract int Bytes { get; }

    public abstract void Execute(Session session);

    public abstract void Complete();

    public abstract void Fail(Exception exception);
}

internal sealed class WriteRequest<T>(Func<Session, T> body, int bytes) : WriteRequest
{
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T? result;

    public Task<T> Task => completion.Task;

    public override int Bytes => bytes;

    public override void Execute(Session session) => result = body(session);

    public override void Complete() => completion.TrySetResult(result!);

    public override void Fail(Exception exception) => completion.TrySetException(exception);
}
