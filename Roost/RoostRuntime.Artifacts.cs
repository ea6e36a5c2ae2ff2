namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>x</summary>
    public Task<IReadOnlyList<Artifact>> GetArtifactsAsync(string workId, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>x</summary>
    public Task<Stream> OpenArtifactAsync(string workId, string name, int? version = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
