using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>What waits to be written. Any thread adds to it; the writer's thread takes from it, what is urgent first, and waits at it.</summary>
internal sealed class WriteQueue
{
    private readonly object gate = new();
    private readonly Queue<WriteRequest> urgent = new();
    private readonly Queue<WriteRequest> ordinary = new();
    private readonly Queue<LeasedWork> freed = new();
    private int count;
    private bool isClosed, isWoken;

    /// <summary>How many requests wait.</summary>
    public int Count => Volatile.Read(ref count);

    /// <param name="request">What is to be done.</param>
    /// <param name="ahead">Ahead of everything that is not.</param>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void Add(WriteRequest request, bool ahead)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isClosed, typeof(RoostRuntime));
            (ahead ? urgent : ordinary).Enqueue(request);
            if (++count == 1) Monitor.Pulse(gate);
        }
    }

    /// <summary>A slot is free that no transaction has.</summary>
    public void AddFreed(LeasedWork lease)
    {
        lock (gate)
        {
            freed.Enqueue(lease);
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Takes nothing more; false where it was closed before.</summary>
    public bool Close()
    {
        lock (gate)
        {
            if (isClosed) return false;
            isClosed = true;
            Monitor.Pulse(gate);
            return true;
        }
    }

    /// <summary>Ends the writer's wait, or the next one where it does not wait: there is something to look at that is no request.</summary>
    public void Wake()
    {
        lock (gate)
        {
            isWoken = true;
            Monitor.Pulse(gate);
        }
    }

    /// <summary>Frees the slots that are to be freed and begins a batch with what waits. True once the queue is closed.</summary>
    public bool Begin(Batch batch)
    {
        lock (gate)
        {
            while (freed.TryDequeue(out LeasedWork? lease))
            {
                lease.Slots.FreeSlot(lease.Lane.Engine);
                lease.Slots.Committed();
            }
            Take(batch);
            return isClosed;
        }
    }

    /// <summary>Adds to a batch what has come since it was begun.</summary>
    public void AddTo(Batch batch)
    {
        lock (gate) Take(batch);
    }

    /// <summary>Waits until there is something to do; false where nothing came in that time.</summary>
    public bool Wait(TimeSpan time)
    {
        lock (gate)
        {
            bool came = count + freed.Count > 0 || isClosed || isWoken || Monitor.Wait(gate, time);
            isWoken = false;
            return came;
        }
    }

    private void Take(Batch batch)
    {
        while (!batch.IsFull && (urgent.TryDequeue(out WriteRequest? request) || ordinary.TryDequeue(out request)))
        {
            batch.Add(request);
            count--;
        }
    }
}
