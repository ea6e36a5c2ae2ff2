using System.Collections.Concurrent;

namespace Roost.Samples.Desktop;

/// <summary>
/// The thread of the windows. What is awaited on it comes back to it, as in WPF, Windows Forms and Avalonia, which bring such a context: here by
/// <c>g_idle_add</c>.
/// </summary>
internal sealed class UiThread : SynchronizationContext
{
    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> posted = new();
    private readonly Gtk.Called runNext;

    private UiThread() => runNext = RunNext; // GTK holds its address alone.

    /// <summary>Runs GTK's loop on the calling thread until the program, begun on it as well, is over. Throws what that has thrown.</summary>
    public static void Run(Func<Task> program)
    {
        var thread = new UiThread();
        SynchronizationContext? before = Current;
        SetSynchronizationContext(thread);
        try
        {
            Task running = program();
            running.ContinueWith(_ => thread.Post(static _ => Gtk.EndLoop(), null), TaskScheduler.Default);
            Gtk.Loop();
            running.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        posted.Enqueue((d, state));
        _ = Gtk.WhenIdle(runNext, 0);
    }

    /// <summary>Whoever would wait for the window's thread may be waited for by it.</summary>
    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Await, and nothing stands still.");

    public override SynchronizationContext CreateCopy() => this;

    private bool RunNext(nint data)
    {
        if (posted.TryDequeue(out (SendOrPostCallback Callback, object? State) next)) next.Callback(next.State);
        return false;
    }
}
