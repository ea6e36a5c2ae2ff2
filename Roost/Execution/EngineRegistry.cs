namespace Roost.Execution;

/// <summary>The engines of a runtime, by id. They are as they are while a loop runs.</summary>
internal sealed class EngineRegistry
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, EngineEntry> engines = new(StringComparer.Ordinal);
    private bool isInUse;
    private int changes;

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<string> Ids
    {
        get
        {
            lock (gate) return [.. engines.Keys.Order(StringComparer.Ordinal)];
        }
    }

    /// <exception cref="ConflictException">An engine of that id is registered, or a loop runs.</exception>
    public void Add(EngineEntry entry)
    {
        lock (gate)
        {
            if (isInUse) throw new ConflictException($"Engine \"{entry.Facts.EngineId}\" cannot be added while the loop runs; add engines first.");
            if (!engines.TryAdd(entry.Facts.EngineId, entry))
                throw new ConflictException($"An engine with the id \"{entry.Facts.EngineId}\" is registered already; ids are unique in a runtime.");
            changes++;
        }
    }

    /// <summary>False where there is none of that id.</summary>
    /// <exception cref="ConflictException">A loop runs.</exception>
    public bool Remove(string id)
    {
        lock (gate)
        {
            if (isInUse) throw new ConflictException($"Engine \"{id}\" cannot be removed while the loop runs; end the loop first.");
            changes++;
            return engines.Remove(id);
        }
    }

    public EngineEntry? Find(string id)
    {
        lock (gate) return engines.GetValueOrDefault(id);
    }

    /// <summary>The ids of the engines of a type: those of that very class where there are any, else those that derive from or implement it.</summary>
    public IReadOnlyList<string> IdsOf(Type type)
    {
        lock (gate)
        {
            EngineEntry[] of = [.. engines.Values.Where(entry => type.IsAssignableFrom(entry.Type))];
            EngineEntry[] exactly = [.. of.Where(entry => entry.Type == type)];
            return [.. (exactly.Length > 0 ? exactly : of).Select(entry => entry.Facts.EngineId).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>A loop begins or ends.</summary>
    public void Use(bool begins)
    {
        lock (gate) isInUse = begins;
    }

    /// <summary>All of them, and how often they had been changed by then.</summary>
    public (IReadOnlyDictionary<string, EngineEntry> Engines, int Changes) All()
    {
        lock (gate) return (new Dictionary<string, EngineEntry>(engines, StringComparer.Ordinal), changes);
    }
}
