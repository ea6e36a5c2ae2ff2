using System.Text;

namespace Roost.Commands.Output;

/// <summary>
/// The output of a verb, and whether the verb is stuck: a pipe that is full and that nobody reads takes no write, and a write that waits for it, as a
/// read of what nobody types, can be ended by nothing but the end of the process.
/// </summary>
internal sealed class WatchedOutput(TextWriter output) : TextWriter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1), LookAgain = TimeSpan.FromMilliseconds(100);

    private long blockedSince;

    public override Encoding Encoding => output.Encoding;

    public override void Write(char value)
    {
        using (Blocking()) output.Write(value);
    }

    public override void Write(string? value)
    {
        using (Blocking()) output.Write(value);
    }

    public override void Write(char[] buffer, int index, int count)
    {
        using (Blocking()) output.Write(buffer, index, count);
    }

    public override void WriteLine(string? value)
    {
        using (Blocking()) output.WriteLine(value);
    }

    public override void Flush()
    {
        using (Blocking()) output.Flush();
    }

    /// <summary>What only another program or a person can end is done until this is disposed: a write to it or past it, a read of the input.</summary>
    public Mark Blocking()
    {
        Volatile.Write(ref blockedSince, TimeProvider.System.GetTimestamp());
        return new(this);
    }

    /// <summary>Ends when that has lasted for a while and the verb was asked to stop; never otherwise.</summary>
    public async Task StuckAsync(CancellationToken stop, CancellationToken ended)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(stop, ended);
        await Task.Delay(Timeout.InfiniteTimeSpan, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!(Volatile.Read(ref blockedSince) is > 0 and long since && TimeProvider.System.GetElapsedTime(since) > Patience))
            await Task.Delay(LookAgain, ended);
    }

    private void Unblock() => Volatile.Write(ref blockedSince, 0);

    internal readonly struct Mark(WatchedOutput watched) : IDisposable
    {
        public void Dispose() => watched.Unblock();
    }
}
