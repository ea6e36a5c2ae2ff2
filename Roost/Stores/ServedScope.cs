namespace Roost.Stores;

/// <summary>The lanes that a worker serves: those of its engines, up to the state version that each knows, in its queues.</summary>
internal sealed class ServedScope
{
    private readonly Dictionary<string, int> versions = [];
    private readonly HashSet<string> queues;

    public ServedScope(IEnumerable<(string Engine, int StateVersion)> engines, IEnumerable<string> queues)
    {
        foreach ((string engine, int version) in engines) versions[engine] = version;
        this.queues = [.. queues];
    }

    public bool Serves(string engine, string queue, int stateVersion) => StateVersionOf(engine, queue) >= stateVersion;

    /// <summary>Up to which state version the engine is served in this queue; null where it is not.</summary>
    public int? StateVersionOf(string engine, string queue) => queues.Contains(queue) && versions.TryGetValue(engine, out int version) ? version : null;

    public bool ServesEngine(string engine) => versions.ContainsKey(engine);
}
