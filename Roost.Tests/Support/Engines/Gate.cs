namespace Roost.Tests.Support;

/// <summary>A handshake with an engine: it says that it is there, and waits to be let through.</summary>
internal sealed class Gate
{
    /// <summary>Only a net under a test that would hang; nothing is decided by it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the engine is at the gate.</summary>
    public Task Reached => reached.Task.WaitAsync(Patience);

    /// <summary>The engine's side: here I am, and I go on when told, whatever my token says.</summary>
    public Task PassAsync()
    {
        reached.TrySetResult();
        return open.Task;
    }

    /// <summary>The engine's side: here I am, and I go on at once.</summary>
    public void Reach() => reached.TrySetResult();

    /// <summary>The engine's side: here I am, and I wait for the token to fire.</summary>
    public async Task UntilFiredAsync(CancellationToken token)
    {
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration _ = token.Register(() => fired.TrySetResult());
        reached.TrySetResult();
        await fired.Task.WaitAsync(Patience, CancellationToken.None);
    }

    public void Open() => open.TrySetResult();
}

internal static class Waiting
{
    /// <summary>A net under a wait that would never end.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Gate.Patience);

    /// <inheritdoc cref="Soon{T}"/>
    public static Task Soon(this Task task) => task.WaitAsync(Gate.Patience);

    /// <summary>Lets fake time pass, a little at a time, until the task ends.</summary>
    public static async Task WhileTimePasses(this Task task, Microsoft.Extensions.Time.Testing.FakeTimeProvider clock, TimeSpan? step = null)
    {
        long since = TimeProvider.System.GetTimestamp();
        while (!task.IsCompleted)
        {
            if (TimeProvider.System.GetElapsedTime(since) > Gate.Patience) throw new TimeoutException("It did not happen, however much time passed.");
            clock.Advance(step ?? TimeSpan.FromMilliseconds(250));
            await Task.WhenAny(task, Task.Delay(1));
        }
        await task;
    }

    /// <summary>Looks again until it is so.</summary>
    public static async Task Until(Func<bool> so)
    {
        long since = TimeProvider.System.GetTimestamp();
        while (!so())
        {
            if (TimeProvider.System.GetElapsedTime(since) > Gate.Patience) throw new TimeoutException("It did not become so.");
            await Task.Delay(1);
        }
    }
}
