using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>Which items have something that goes with their versions: records of effects, and streams. Nobody looks for it elsewhere.</summary>
internal sealed class RecordFlag(WriteConnection connection)
{
    private readonly Statement set = connection.Prepare("UPDATE roost_work_input SET records = 1 WHERE work = ?1 AND records = 0");

    /// <summary>The item has something now. What is known of its lease follows its commit, for this may be rolled back.</summary>
    public void Set(LeasedWork lease)
    {
        if (!lease.HasRecords) set.Bind(1, lease.WorkKey).Run();
    }
}
