namespace Roost.Storage;

/// <summary>Items of one engine in one queue whose state has one version: what a worker serves, or leaves alone. State version 0: no snapshot yet.</summary>
internal sealed record Lane(long Key, string Engine, string Queue, int StateVersion);

/// <summary>The lanes of the file, remembered until another process writes.</summary>
internal sealed class Lanes(Session session)
{
    private readonly Statement load = session.Prepare("SELECT key, engine, queue, state_version FROM lane");
    private readonly Statement insert = session.Prepare("INSERT INTO lane (engine, queue, state_version) VALUES (?1, ?2, ?3) RETURNING key");

    private readonly Dictionary<(string, string, int), Lane> byName = [];
    private readonly Dictionary<long, Lane> byKey = [];
    private bool loaded;

    /// <summary>Changes whenever a lane is added or the list is read anew.</summary>
    public int Generation { get; private set; }

    public IReadOnlyCollection<Lane> All
    {
        get
        {
            Load();
            return byKey.Values;
        }
    }

    public Lane this[long key]
    {
        get
        {
            Load();
            return byKey[key];
        }
    }

    public Lane Get(string engine, string queue, int stateVersion)
    {
        Load();
        if (byName.TryGetValue((engine, queue, stateVersion), out Lane? known)) return known;
        long key = insert.Bind(1, engine).Bind(2, queue).Bind(3, stateVersion).Scalar()!.Value;
        return Add(new(key, engine, queue, stateVersion));
    }

    public void Forget() => loaded = false;

    private void Load()
    {
        if (loaded) return;
        byName.Clear();
        byKey.Clear();
        while (load.Step()) Add(new(load.Int64(0), load.Text(1), load.Text(2), load.Int32(3)));
        Generation++;
        loaded = true;
    }

    private Lane Add(Lane lane)
    {
        byName[(lane.Engine, lane.Queue, lane.StateVersion)] = lane;
        byKey[lane.Key] = lane;
        Generation++;
        return lane;
    }
}
