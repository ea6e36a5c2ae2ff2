namespace Roost;

/// <summary>
/// Text that a step says while it runs, such as the words of a model as they come; see <see cref="StepContext.OpenStream"/>. May be written to by several
/// threads; each write stays whole and in its order.
/// </summary>
public sealed class StepStream : IAsyncDisposable
{
    private readonly Action<string, string> write;
    private readonly Func<Task> flush;
    private bool isClosed;

    internal StepStream(string name, Action<string, string> write, Func<Task> flush) => (Name, this.write, this.flush) = (name, write, flush);

    /// <summary>Its name within the item.</summary>
    public string Name { get; }

    /// <summary>
    /// Adds text behind what was written before, and returns at once: others can read it when something is committed next, and after
    /// <see cref="RoostOptions.StreamFlushInterval"/> at the latest. Where more than <see cref="RoostOptions.MaxStreamBytes"/> wait to be written, the oldest
    /// is given up. Where the lease is lost nothing is written any more.
    /// </summary>
    /// <param name="text">Any text. A surrogate whose other half does not come with the next write becomes U+FFFD.</param>
    /// <exception cref="ConflictException">The step has ended, or the stream was closed.</exception>
    public void Write(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ThrowIfClosed();
        write(Name, text);
    }

    /// <summary>Adds text and a line feed.</summary>
    /// <param name="text">Any text.</param>
    /// <exception cref="ConflictException">The step has ended, or the stream was closed.</exception>
    public void WriteLine(string text) => Write(text + "\n");

    /// <summary>
    /// Lets others read what this step has written to its streams so far, by a commit of its own. Ends when that is durable; or at once, and nothing is
    /// written, where the lease is lost. Where it fails, what was written waits, and goes with the next commit that lands.
    /// </summary>
    /// <exception cref="ConflictException">The step has ended, or the stream was closed.</exception>
    /// <exception cref="FileBusyException">Another process has kept the file locked for longer than <see cref="RoostOptions.BusyTimeout"/>.</exception>
    /// <exception cref="DiskFullException">The disk is full.</exception>
    /// <exception cref="ObjectDisposedException">The runtime is closed.</exception>
    public Task FlushAsync()
    {
        ThrowIfClosed();
        return flush();
    }

    /// <summary>Closes it. What was written is on its way, and lands with the step's end if not before.</summary>
    public ValueTask DisposeAsync()
    {
        Volatile.Write(ref isClosed, true);
        return ValueTask.CompletedTask;
    }

    private void ThrowIfClosed()
    {
        if (Volatile.Read(ref isClosed)) throw new ConflictException($"Stream \"{Name}\" was closed; open it again to write more.");
    }
}
