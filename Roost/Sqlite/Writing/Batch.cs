using Roost.Stores;

namespace Roost.Sqlite.Writing;

/// <summary>The requests that run in one transaction, and the leases that are claimed within it. Bounded in count and bytes.</summary>
internal sealed class Batch
{
    private const int MaxRequests = 1024;
    private const int MaxBytes = 8 * 1024 * 1024;

    private int bytes;

    public List<WriteRequest> Requests { get; } = [];

    public List<LeasedWork> Claimed { get; } = [];

    public bool IsFull => Requests.Count >= MaxRequests || bytes >= MaxBytes;

    public void Add(WriteRequest request)
    {
        Requests.Add(request);
        bytes += request.Bytes;
    }

    public void Clear()
    {
        Requests.Clear();
        Claimed.Clear();
        bytes = 0;
    }

    /// <summary>Tells all callers why nothing has landed.</summary>
    public void Fail(Exception exception)
    {
        foreach (WriteRequest request in Requests) request.Fail(exception);
        Claimed.Clear();
    }
}
