global using Condition = Roost.WorkCondition;

using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>Items per lane and condition: gathered while a transaction runs, added to the table at its end.</summary>
internal sealed class Counts(WriteConnection connection)
{
    private static readonly string[] Names = ["ready", "delayed", "blocked", "running", "waiting", "done", "failed", "cancelled", "paused"];

    private readonly Statement add = connection.Prepare(
        """
        INSERT INTO roost_lane_count (lane, condition, n) VALUES (?1, ?2, ?3)
        ON CONFLICT (lane, condition) DO UPDATE SET n = n + excluded.n
        """);

    /// <summary>Beside the conditions: how many items are paused themselves, whatever their condition.</summary>
    private static readonly Condition Paused = (Condition)(Names.Length - 1);

    private readonly Dictionary<(long Lane, Condition Condition), int> changes = [];

    public void Add(long lane, Condition condition, int n)
    {
        changes.TryGetValue((lane, condition), out int before);
        changes[(lane, condition)] = before + n;
    }

    public void AddPaused(long lane, int n) => Add(lane, Paused, n);

    public void Save()
    {
        if (changes.Count == 0) return;
        foreach (((long lane, Condition condition), int n) in changes)
            if (n != 0) add.Bind(1, lane).Bind(2, Names[(int)condition]).Bind(3, n).Run();
        changes.Clear();
    }

    public void Drop() => changes.Clear();
}
