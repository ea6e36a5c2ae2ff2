namespace Roost.Tests.Conformance;

/// <summary>
/// A store, as the tests of conformance have it. Whoever writes a second one derives this once, in this assembly, and all of them run on it:
/// each class of tests is run for every class that derives this one.
/// </summary>
internal abstract class StoreHost
{
    /// <summary>All that there are.</summary>
    public static IEnumerable<StoreHost> All { get; } =
        [.. typeof(StoreHost).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(StoreHost)) && !type.IsAbstract)
            .Select(type => (StoreHost)Activator.CreateInstance(type)!)];

    /// <summary>The name of the store, which its tests bear.</summary>
    public abstract override string ToString();

    /// <summary>A runtime on a clean store of its own, which goes with it.</summary>
    public abstract Task<RoostRuntime> OpenAsync(RoostOptions options);

    /// <summary>One more runtime on the store of another: what a second process would be, but for the process.</summary>
    public abstract Task<RoostRuntime> BesideAsync(RoostRuntime other, RoostOptions options);

    /// <summary>A runtime on a backup of what another holds, which was not adopted. It is disposed before the other.</summary>
    public abstract Task<RoostRuntime> CopyAsync(RoostRuntime of);

    /// <summary>A worker of another process, in the hands of the test.</summary>
    public abstract Task<Ghost> GhostAsync(RoostRuntime beside, params IEngine[] engines);

    /// <summary>Holds up all writes of a runtime until disposed: what is asked for meanwhile may come in one transaction.</summary>
    public abstract IDisposable HoldWrites(RoostRuntime roost);

    /// <summary>Every rule of what is stored holds, read past the runtime.</summary>
    public abstract void MustAgree(RoostRuntime roost);

    /// <summary>Nothing is left of a worker that is gone, in the store or beside it.</summary>
    public abstract void MustHaveNoLeftovers(RoostRuntime roost);

    /// <summary>All that is stored, as text, read past the runtime: equal before and after means that nothing was written.</summary>
    public abstract string Everything(RoostRuntime roost);

    /// <summary>What there is of artifacts' content, whomever it belongs to.</summary>
    public abstract StoredContent ContentOf(RoostRuntime roost);

    /// <summary>How many ends are stored that an engine has not been told of.</summary>
    public abstract long UntoldEnds(RoostRuntime roost);

    /// <summary>Writes events behind those that are there, each a while after the one before, as if all that had happened.</summary>
    public abstract void WriteEvents(RoostRuntime roost, int n, string kind, DateTimeOffset from, TimeSpan apart);
}

/// <param name="Contents">Different contents, each of which may be that of many artifacts.</param>
/// <param name="Uploads">Those that a step has in hand and may attach yet.</param>
/// <param name="Pieces">In how many pieces the store keeps all of it.</param>
internal readonly record struct StoredContent(long Contents, long Uploads, long Pieces);
