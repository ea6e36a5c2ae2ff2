using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>What steps have recorded of their effects. A holder's writes are fenced by its lease's token and version.</summary>
internal sealed class EffectTable(WriteConnection connection, RecordFlag flag)
{
    private readonly Statement save = connection.Prepare(
        """
        INSERT INTO roost_effect (work, version, path, name, n, idempotency_key, arguments, begun_at, ended_at, result, sha256)
        SELECT ?1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM roost_work WHERE key = ?1 AND token = ?2 AND version = ?3
        ON CONFLICT (work, version, path) DO UPDATE SET idempotency_key = excluded.idempotency_key, arguments = coalesce(excluded.arguments, arguments),
            begun_at = excluded.begun_at, ended_at = excluded.ended_at, result = excluded.result, sha256 = excluded.sha256, told_by = NULL
        """);
    private readonly Statement isHeld = connection.Prepare("SELECT 1 FROM roost_work WHERE key = ?1 AND token = ?2 AND version = ?3");
    private readonly Statement remove = connection.Prepare(
        "DELETE FROM roost_effect WHERE work = ?1 AND version = ?2 AND path = ?3 AND result IS NULL");
    private readonly Statement told = connection.Prepare(
        """
        UPDATE roost_effect SET ended_at = ?4, result = ?5, sha256 = ?6, told_by = ?7
        WHERE work = ?1 AND version = ?2 AND path = ?3 AND result IS NULL
        """);
    private readonly Statement forget = connection.Prepare("DELETE FROM roost_effect WHERE work = ?1 AND version = ?2");
    private readonly Statement beginBranch = connection.Prepare("UPDATE roost_work_input SET branch = branch + 1 WHERE work = ?1");
    private readonly Statement trim = connection.Prepare("DELETE FROM roost_effect WHERE work = ?1 AND version >= ?2 AND version < ?3");

    /// <summary>Records that a call begins, or its result. False: the lease is lost.</summary>
    public bool Save(LeasedWork lease, EffectRecord record)
    {
        EffectPlace place = record.Place;
        save.Bind(1, lease.WorkKey).Bind(2, lease.Token).Bind(3, lease.Version).Bind(4, place.Path).Bind(5, place.Name).Bind(6, place.Number)
            .Bind(7, place.Key).Bind(9, record.BegunAt).Bind(10, record.Result is null ? null : connection.Now);
        if (record.Arguments is { } arguments) save.BindText(8, arguments);
        else save.BindNull(8);
        if (record.Result is { } result) save.BindText(11, result).BindBlob(12, record.Hash);
        else save.BindNull(11).BindNull(12);
        bool isHeld = save.Run() == 1;
        if (isHeld) flag.Set(lease);
        return isHeld;
    }

    /// <summary>A call is known not to have happened. False: the lease is lost.</summary>
    public bool Remove(LeasedWork lease, string path)
    {
        if (isHeld.Bind(1, lease.WorkKey).Bind(2, lease.Token).Bind(3, lease.Version).Scalar() is null) return false;
        Remove(lease.WorkKey, lease.Version, path);
        return true;
    }

    /// <summary>Somebody has said that it has not happened.</summary>
    public void Remove(long work, int version, string path) => remove.Bind(1, work).Bind(2, version).Bind(3, path).Run();

    /// <summary>Somebody has said that it has happened.</summary>
    public void Told(long work, int version, string path, byte[] result, byte[] hash, string by) =>
        told.Bind(1, work).Bind(2, version).Bind(3, path).Bind(4, connection.Now).BindText(5, result).BindBlob(6, hash).Bind(7, by).Run();

    /// <summary>The step of a version begins as if it had never been tried, and with other keys.</summary>
    public void BeginAnew(long work, int version)
    {
        forget.Bind(1, work).Bind(2, version).Run();
        beginBranch.Bind(1, work).Run();
    }

    /// <summary>What belongs to versions that are not kept, once a version is committed.</summary>
    public void Trim(long work, int version)
    {
        if (KeptVersions.Gone(connection.Options, version) is (int first, int last)) trim.Bind(1, work).Bind(2, first).Bind(3, last).Run();
    }
}
