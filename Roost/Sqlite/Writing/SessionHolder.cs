using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>The session of the write connection: there is none between a fault and the next time that one is needed.</summary>
internal sealed class SessionHolder(string path, RoostOptions options, Clock clock) : IDisposable
{
    private const int ReopenMilliseconds = 1000;

    private long reopenAt;

    public Session? Current { get; private set; }

    public Session Open() => Current ??= new Session(path, options, clock);

    /// <summary>Opens it where nobody has asked for a write: once a second at most.</summary>
    public bool TryReopen()
    {
        if (Environment.TickCount64 < reopenAt) return false;
        reopenAt = Environment.TickCount64 + ReopenMilliseconds;
        Open();
        return true;
    }

    /// <summary>After a fault: another one is opened when it is needed, and decides what the log holds.</summary>
    public void Abandon()
    {
        Session? closing = Current;
        Current = null;
        closing?.Abandon();
    }

    public void Dispose() => Current?.Dispose();
}
