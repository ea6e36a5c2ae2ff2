using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;

namespace Roost.Sqlite.Transitions;

/// <summary>
/// What was cancelled takes its children along, a bounded number in one transaction: each that is cancelled by this takes its own. One that runs is asked to
/// stop, and its children follow once it is cancelled; one that had ended before stays as it is, and its children follow at once.
/// </summary>
internal sealed class TreeCancel(WriteConnection connection, TreeCancelTable trees, WorkTable workTable, EndTransitions endings, Events events)
{
    private const int AtOnce = 500;

    private readonly Statement next = connection.Prepare("SELECT key FROM roost_work WHERE parent = ?1 AND key > ?2 ORDER BY key LIMIT ?3");

    private bool anyAsked;

    /// <summary>Whether a step that runs was asked to stop since this was last asked.</summary>
    public bool TakeAsked()
    {
        bool any = anyAsked;
        anyAsked = false;
        return any;
    }

    /// <summary>Whether there is something to do.</summary>
    public bool IsAny => trees.IsAny;

    /// <summary>Goes on with it; false where nothing is left.</summary>
    public bool WorkOff()
    {
        for (int left = AtOnce; left > 0 && trees.First() is { } tree; left--) // A tree without children costs one as well.
        {
            List<long> children = next.Bind(1, tree.Work).Bind(2, tree.After).Bind(3, left).All(static row => row.Int64(0));
            string why = $"its parent {workTable.Id(tree.Work)} was cancelled";
            int cancelled = tree.Cancelled + children.Count(child => Cancel(child, why));
            if (children.Count < left) End(tree.Work, cancelled);
            else trees.MoveTo(tree.Work, children[^1], cancelled);
            left -= children.Count;
        }
        return trees.IsAny;
    }

    private bool Cancel(long child, string why)
    {
        WorkRow row = workTable.Load(child) ?? throw Database.IndexDamaged("parent");
        if (row.Detached) return false;
        if (row.State is WorkState.Done or WorkState.Failed) trees.Add(child);
        if (row.State.IsEnded() || row.CancelRequested) return false;
        anyAsked |= row.State == WorkState.Running;
        return endings.Cancel(row, why);
    }

    private void End(long work, int cancelled)
    {
        trees.Drop(work);
        if (cancelled > 0) events.Append(EventKinds.TreeCancelled, work, cancelled, static (json, n) => json.WriteNumber("children", n));
    }
}
