using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>
/// How many dead letters failed alike. An item is in its group from the transaction in which it fails to that in which it is no dead letter any more.
/// </summary>
internal sealed class DeadLetterGroupTable(WriteConnection connection)
{
    private readonly Statement add = connection.Prepare(
        """
        INSERT INTO roost_dead_letter_group (key, engine, reason, error_type, n) VALUES (?1, ?2, ?3, ?4, 1)
        ON CONFLICT (key) DO UPDATE SET n = n + 1
        """);
    private readonly Statement find = connection.Prepare("SELECT group_key FROM roost_failure WHERE work = ?1");
    private readonly Statement take = connection.Prepare("UPDATE roost_dead_letter_group SET n = n - 1 WHERE key = ?1");
    private readonly Statement forget = connection.Prepare("DELETE FROM roost_dead_letter_group WHERE key = ?1 AND n <= 0");
    private readonly Statement clear = connection.Prepare("UPDATE roost_failure SET group_key = NULL WHERE work = ?1");

    /// <summary>Counts one more; the key to write down with its failure.</summary>
    public long Add(string engine, Failure failure)
    {
        if (failure.Group is { } key)
        {
            Add(key, engine, failure.Reason, failure.CauseType ?? failure.ErrorType);
            return key;
        }
        long alone = FailureShape.KeyOf(engine, failure.Reason, null, ""); // Told by its reason alone.
        Add(alone, engine, failure.Reason, null);
        return alone;
    }

    private void Add(long key, string engine, string reason, string? errorType) => add.Bind(1, key).Bind(2, engine).Bind(3, reason).Bind(4, errorType).Run();

    /// <summary>Counts one less, where it was counted: before its failure is forgotten.</summary>
    public void Remove(long work)
    {
        if (find.Bind(1, work).Scalar() is not { } key) return;
        take.Bind(1, key).Run();
        forget.Bind(1, key).Run();
        clear.Bind(1, work).Run();
    }
}
