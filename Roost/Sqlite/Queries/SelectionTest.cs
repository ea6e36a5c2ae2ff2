using System.Globalization;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Queries;

/// <summary>What the order in which items are found says about them already.</summary>
[Flags]
internal enum SelectionFact
{
    State = 1,

    /// <summary>Engine and queue.</summary>
    Lane = 2,
    Parent = 4,
    Resource = 8,

    /// <summary>Ready, delayed or blocked.</summary>
    Condition = 16,
    Pause = 32,
}

/// <summary>Whether a selection means an item: each condition that is asked for, and not known already, by one look at an index.</summary>
internal sealed class SelectionTest : IDisposable
{
    private readonly Statement? statement;

    public SelectionTest(SqliteConnection db, Selection selection, SelectionFact known)
    {
        var conditions = new List<string>();
        var values = new List<string>();
        if (!known.HasFlag(SelectionFact.State))
            Add("EXISTS (SELECT 1 FROM json_each({0}) s CROSS JOIN roost_work w ON w.key = ?1 AND w.state = s.value)", selection.StateNames);
        if (!known.HasFlag(SelectionFact.Condition))
            Add(
                """
                EXISTS (SELECT 1 FROM roost_work w
                WHERE w.key = ?1 AND CASE {0}
                    WHEN 'ready' THEN coalesce(w.ready_seq, iif(w.paused, w.place, NULL)) WHEN 'delayed' THEN w.due_at ELSE w.blocked_on END IS NOT NULL)
                """,
                selection.ConditionName
            );
        if (!known.HasFlag(SelectionFact.Lane))
        {
            Add("EXISTS (SELECT 1 FROM roost_work w CROSS JOIN roost_lane l ON l.key = w.lane WHERE w.key = ?1 AND l.engine = {0})", selection.Engine);
            Add("EXISTS (SELECT 1 FROM roost_work w CROSS JOIN roost_lane l ON l.key = w.lane WHERE w.key = ?1 AND l.queue = {0})", selection.Queue);
        }
        if (!known.HasFlag(SelectionFact.Parent))
            Add("EXISTS (SELECT 1 FROM roost_work w CROSS JOIN roost_work p ON p.key = w.parent WHERE w.key = ?1 AND p.id = {0})", selection.ParentId);
        if (!known.HasFlag(SelectionFact.Resource))
            Add("EXISTS (SELECT 1 FROM roost_work_resource r WHERE r.work = ?1 AND r.name = {0})", selection.Resource);
        if (!known.HasFlag(SelectionFact.Pause))
        {
            string now = selection.Now.ToString(CultureInfo.InvariantCulture);
            Add(
                "EXISTS (SELECT 1 FROM roost_pause p WHERE p.work = ?1 AND (p.until IS NULL OR p.until > CAST({0} AS INTEGER)))",
                selection.IsPaused == true ? now : null
            );
            Add(
                "NOT EXISTS (SELECT 1 FROM roost_pause p WHERE p.work = ?1 AND (p.until IS NULL OR p.until > CAST({0} AS INTEGER)))",
                selection.IsPaused == false ? now : null
            );
        }
        Add("EXISTS (SELECT 1 FROM roost_failure f WHERE f.work = ?1 AND f.reason = {0})", selection.Reason);
        Add("EXISTS (SELECT 1 FROM roost_failure f WHERE f.work = ?1 AND {0} IN (f.error_type, f.cause_type))", selection.ErrorType);
        Add(
            @"EXISTS (SELECT 1 FROM roost_failure f WHERE f.work = ?1 AND (f.message LIKE {0} ESCAPE '\' OR f.cause_message LIKE {0} ESCAPE '\'))",
            selection.Error
        );
        Add("EXISTS (SELECT 1 FROM roost_failure f WHERE f.work = ?1 AND coalesce(f.group_key, {0}) = {0})", selection.NoGroup);
        if (conditions.Count == 0) return;
        statement = new(db.Handle!, $"SELECT {string.Join(" AND ", conditions)}");
        for (int value = 0; value < values.Count; value++) statement.Bind(value + 2, values[value]);

        void Add(string condition, string? value)
        {
            if (value is null) return;
            values.Add(value);
            conditions.Add(condition.Replace("{0}", $"?{values.Count + 1}", StringComparison.Ordinal));
        }
    }

    public bool Holds(long work) => statement is null || statement.Bind(1, work).Scalar() != 0;

    public void Dispose() => statement?.Dispose();
}
