using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>
/// The lanes of the file, each remembered once it was asked for. A key is never given to another lane, so what is remembered holds until the lane is
/// removed, which is done when no item is in it any more.
/// </summary>
internal sealed class Lanes(WriteConnection connection, Counts counts, LaneChanges laneChanges)
{
    private const int MostRemembered = 10_000;

    private readonly Statement findName = connection.Prepare("SELECT key FROM roost_lane WHERE engine = ?1 AND queue = ?2 AND state_version = ?3");
    private readonly Statement findKey = connection.Prepare("SELECT key, engine, queue, state_version FROM roost_lane WHERE key = ?1");
    private readonly Statement next = connection.Prepare("SELECT key FROM roost_lane WHERE key >= ?1 AND (?2 IS NULL OR engine = ?2) ORDER BY key LIMIT 1");
    private readonly Statement keys = connection.Prepare("SELECT key FROM roost_lane ORDER BY key");
    private readonly Statement insert = connection.Prepare("INSERT INTO roost_lane (engine, queue, state_version) VALUES (?1, ?2, ?3) RETURNING key");
    private readonly Statement isEmpty = connection.Prepare(
        """
        SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM roost_lane_count WHERE lane = ?1 AND n <> 0)
        AND NOT EXISTS (SELECT 1 FROM roost_work WHERE worker IS NULL AND lane = ?1)
        """);
    private readonly Statement removeCounts = connection.Prepare("DELETE FROM roost_lane_count WHERE lane = ?1");
    private readonly Statement remove = connection.Prepare("DELETE FROM roost_lane WHERE key = ?1");

    private readonly Dictionary<(string, string, int), Lane> byName = [];
    private readonly Dictionary<long, Lane> byKey = [];

    /// <summary>The lane of these names, made where there is none.</summary>
    public Lane Get(string engine, string queue, int stateVersion) =>
        Find(engine, queue, stateVersion) ?? Remember(new(Insert(engine, queue, stateVersion), engine, queue, stateVersion));

    /// <summary>The lane of these names, or null where there is none.</summary>
    public Lane? Find(string engine, string queue, int stateVersion)
    {
        if (byName.TryGetValue((engine, queue, stateVersion), out Lane? known)) return known;
        return findName.Bind(1, engine).Bind(2, queue).Bind(3, stateVersion).Scalar() is { } key ? Remember(new(key, engine, queue, stateVersion)) : null;
    }

    /// <summary>The lane of this key, or null where there is none.</summary>
    public Lane? Find(long key)
    {
        if (byKey.TryGetValue(key, out Lane? known)) return known;
        return findKey.Bind(1, key).One(static row => new Lane(row.Int64(0), row.Text(1), row.Text(2), row.Int32(3))) is { } lane ? Remember(lane) : null;
    }

    /// <summary>The first lane of an engine, or of any, from this key on.</summary>
    public Lane? From(long key, string? engine) => next.Bind(1, key).Bind(2, engine).Scalar() is { } found ? Find(found) : null;

    /// <summary>The keys of all lanes.</summary>
    public List<long> Keys() => keys.All(static row => row.Int64(0));

    /// <summary>Removes a lane that no item is in; false where one is.</summary>
    public bool RemoveIfEmpty(Lane lane)
    {
        counts.Save();
        if (isEmpty.Bind(1, lane.Key).Scalar() is null) return false;
        removeCounts.Bind(1, lane.Key).Run();
        remove.Bind(1, lane.Key).Run();
        laneChanges.Add(lane.Key);
        Forget(lane.Key);
        return true;
    }

    public void Forget(long key)
    {
        if (byKey.Remove(key, out Lane? lane)) byName.Remove((lane.Engine, lane.Queue, lane.StateVersion));
    }

    public void Forget()
    {
        byName.Clear();
        byKey.Clear();
    }

    private long Insert(string engine, string queue, int stateVersion)
    {
        long key = insert.Bind(1, engine).Bind(2, queue).Bind(3, stateVersion).Scalar()!.Value;
        laneChanges.Add(key); // Where this is rolled back, there never was such a lane.
        return key;
    }

    private Lane Remember(Lane lane)
    {
        if (byKey.Count >= MostRemembered) Forget();
        byName[(lane.Engine, lane.Queue, lane.StateVersion)] = lane;
        return byKey[lane.Key] = lane;
    }
}
