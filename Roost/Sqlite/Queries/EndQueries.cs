using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>Reads of the ends that engines are to be told of.</summary>
internal static class EndQueries
{
    /// <summary>When the first of these engines in these queues is due.</summary>
    public static long? NextDue(SqliteConnection db, IReadOnlyList<EngineFacts> engines, IReadOnlyList<string> queues)
    {
        using var first = new Statement(
            db.Handle!,
            "SELECT due_at FROM roost_end WHERE engine = ?1 AND queue = ?2 AND state_version <= ?3 ORDER BY due_at LIMIT 1"
        );
        long? next = null;
        foreach (EngineFacts engine in engines)
            foreach (string queue in queues)
                if (first.Bind(1, engine.EngineId).Bind(2, queue).Bind(3, engine.StateVersion).Scalar() is { } due && !(due >= next)) next = due;
        return next;
    }
}
