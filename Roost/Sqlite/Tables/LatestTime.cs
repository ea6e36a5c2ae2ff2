using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>The latest time at which anybody is known to have written to the file: a transaction clearly before it has a clock that was set back.</summary>
internal sealed class LatestTime(WriteConnection connection)
{
    private static readonly long Tolerance = (long)Clock.Tolerance.TotalMilliseconds;

    private long latest, before;

    /// <summary>The time of the running transaction is clearly before it.</summary>
    public bool IsAhead => connection.Now < latest - Tolerance;

    /// <summary>In UTC milliseconds.</summary>
    public long Value => latest;

    /// <summary>The time that the file is to show as that of this writer's last transaction.</summary>
    public long SavedAt => IsAhead ? latest : connection.Now;

    /// <summary>The latest time that the file showed when it was last asked.</summary>
    public long LastSaved { get; private set; }

    /// <summary>Somebody has written to the file at this time.</summary>
    public void Learn(long savedAt)
    {
        LastSaved = savedAt;
        latest = Math.Max(latest, savedAt);
    }

    public void Begin()
    {
        before = latest;
        if (!IsAhead) latest = Math.Max(latest, connection.Now);
    }

    /// <summary>What had waited for the time to come again was moved: it is now.</summary>
    public void Settle() => latest = connection.Now;

    public void RolledBack() => latest = Math.Max(latest, before);
}
