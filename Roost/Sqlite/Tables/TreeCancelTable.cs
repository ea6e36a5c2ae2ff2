using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>The items that were cancelled and whose children are to follow, each with how far that has come.</summary>
internal sealed class TreeCancelTable(WriteConnection connection, ChildCounts children)
{
    private readonly Statement add = connection.Prepare("INSERT INTO roost_tree_cancel (work, after, n) VALUES (?1, 0, 0) ON CONFLICT (work) DO NOTHING");
    private readonly Statement first = connection.Prepare("SELECT work, after, n FROM roost_tree_cancel ORDER BY work LIMIT 1");
    private readonly Statement move = connection.Prepare("UPDATE roost_tree_cancel SET after = ?2, n = ?3 WHERE work = ?1");
    private readonly Statement drop = connection.Prepare("DELETE FROM roost_tree_cancel WHERE work = ?1");

    private bool? isAny;

    /// <summary>Whether children of some item are to be cancelled.</summary>
    public bool IsAny => isAny ??= first.Scalar() is not null;

    public void Forget() => isAny = null;

    /// <summary>An item is cancelled, or its parent is: its children follow, where it has any.</summary>
    public void Add(long work)
    {
        if (!children.HasAny(work)) return;
        add.Bind(1, work).Run();
        isAny = true;
    }

    public (long Work, long After, int Cancelled)? First()
    {
        if (!IsAny) return null;
        (long Work, long After, int Cancelled)? found = first.OneValue(static row => (row.Int64(0), row.Int64(1), row.Int32(2)));
        isAny = found is not null;
        return found;
    }

    public void MoveTo(long work, long after, int cancelled) => move.Bind(1, work).Bind(2, after).Bind(3, cancelled).Run();

    public void Drop(long work)
    {
        drop.Bind(1, work).Run();
        Forget();
    }
}
