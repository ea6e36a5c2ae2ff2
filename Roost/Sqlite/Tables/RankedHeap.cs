namespace Roost.Sqlite.Tables;

/// <summary>How a heap compares its items, and where each of them keeps its place.</summary>
internal interface IRank<in T> where T : class
{
    static abstract bool IsBefore(T one, T other);

    /// <summary>The item's own note of where it stands in the heap, counted from 1; 0 where it is not in it.</summary>
    static abstract ref int PlaceOf(T item);
}

/// <summary>
/// The first of many at hand. Each item knows its place, so that it is moved or taken out in logarithmic time, and nothing is allocated for it.
/// </summary>
internal sealed class RankedHeap<T, TRank> where T : class where TRank : IRank<T>
{
    private T[] items = new T[4];

    public int Count { get; private set; }

    /// <summary>In the heap's order: what stands behind the item at n is at 2n + 1 and 2n + 2, and behind those.</summary>
    public T this[int index] => items[index];

    public T? First => Count == 0 ? null : items[0];

    /// <summary>Puts an item in, or to where it belongs after it has changed.</summary>
    public void Place(T item)
    {
        int at = TRank.PlaceOf(item) - 1;
        if (at < 0)
        {
            if (Count == items.Length) Array.Resize(ref items, 2 * Count);
            at = Count++;
        }
        int from = at;
        for (int above = (at - 1) / 2; at > 0 && TRank.IsBefore(item, items[above]); above = (at - 1) / 2)
        {
            Put(items[above], at);
            at = above;
        }
        if (at == from) at = Sink(item, at);
        Put(item, at);
    }

    /// <summary>Takes an item out; nothing where it is not in.</summary>
    public void Remove(T item)
    {
        int at = TRank.PlaceOf(item) - 1;
        if (at < 0) return;
        TRank.PlaceOf(item) = 0;
        T last = items[--Count];
        items[Count] = null!;
        if (at == Count) return;
        Put(last, at);
        Place(last);
    }

    public void Clear()
    {
        for (int i = 0; i < Count; i++) TRank.PlaceOf(items[i]) = 0;
        Array.Clear(items, 0, Count);
        Count = 0;
    }

    /// <summary>Moves those that come before the item up; where that leaves room for it.</summary>
    private int Sink(T item, int at)
    {
        while (true)
        {
            int below = (2 * at) + 1;
            if (below >= Count) return at;
            if (below + 1 < Count && TRank.IsBefore(items[below + 1], items[below])) below++;
            if (!TRank.IsBefore(items[below], item)) return at;
            Put(items[below], at);
            at = below;
        }
    }

    private void Put(T item, int at)
    {
        items[at] = item;
        TRank.PlaceOf(item) = at + 1;
    }
}
