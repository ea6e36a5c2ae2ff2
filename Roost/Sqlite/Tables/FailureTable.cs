using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>The last error of each item that is retried or is a dead letter, and the group that a dead letter is in.</summary>
internal sealed class FailureTable(WriteConnection connection, DeadLetterGroupTable groups)
{
    private readonly Statement save = connection.Prepare(
        """
        INSERT INTO roost_failure (work, reason, error_type, message, stack, attempt, version, at, causes, cause_type, cause_message, group_key)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        ON CONFLICT (work) DO UPDATE SET reason = excluded.reason, error_type = excluded.error_type, message = excluded.message,
            stack = excluded.stack, attempt = excluded.attempt, version = excluded.version, at = excluded.at,
            causes = excluded.causes, cause_type = excluded.cause_type, cause_message = excluded.cause_message, group_key = excluded.group_key
        """
    );
    private readonly Statement last = connection.Prepare(
        "SELECT error_type, message, stack, causes, cause_type, cause_message FROM roost_failure WHERE work = ?1"
    );
    private readonly Statement forget = connection.Prepare("DELETE FROM roost_failure WHERE work = ?1");

    /// <summary>What an item's last try said, which is tried again.</summary>
    public void Save(in WorkRow row, Failure failure) => Save(row, failure, null);

    /// <summary>The same of one that has become a dead letter, and counts among those that failed alike.</summary>
    public void SaveDeadLetter(in WorkRow row, string engine, Failure failure) => Save(row, failure, groups.Add(engine, failure));

    public Failure? Last(in WorkRow row)
    {
        Failure? failure = last.Bind(1, row.Key).One(static it => new Failure("", it.NullableText(0), it.Text(1), it.NullableText(2), 0)
        {
            Causes = it.IsNull(3) ? null : it.Bytes(3).ToArray(),
            CauseType = it.NullableText(4),
            CauseMessage = it.NullableText(5),
        });
        return failure is null ? null : failure with { Attempt = row.Failures };
    }

    /// <summary>Nothing is held against an item any more.</summary>
    public void Forget(long work) => forget.Bind(1, work).Run();

    /// <summary>An item is no dead letter any more.</summary>
    public void LeaveGroup(long work) => groups.Remove(work);

    private void Save(in WorkRow row, Failure failure, long? group)
    {
        save.Bind(1, row.Key).Bind(2, failure.Reason).Bind(3, failure.ErrorType).Bind(4, failure.Message).Bind(5, failure.Stack)
            .Bind(6, failure.Attempt).Bind(7, row.Version).Bind(8, connection.Now);
        if (failure.Causes is null) save.BindNull(9);
        else save.BindText(9, failure.Causes);
        save.Bind(10, failure.CauseType).Bind(11, failure.CauseMessage).Bind(12, group).Run();
    }
}
