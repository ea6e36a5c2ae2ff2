using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>What a work item has produced, oldest first.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public async Task<IReadOnlyList<Artifact>> ListArtifactsOfAsync(string workId, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        return await Readable.ArtifactsAsync(workId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What all work items have produced, newest first. Costs the same however many there are.</summary>
    /// <param name="filter">Which artifacts. Default: all.</param>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="Page{T}.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The limit, the cursor or a field of the filter breaks a rule.</exception>
    public Task<Page<Artifact>> ListArtifactsAsync(
        ArtifactFilter? filter = null,
        int limit = 50,
        string? cursor = null,
        CancellationToken cancellationToken = default
    )
    {
        Selection.CheckLimit(limit);
        filter ??= new();
        if (filter.Engine is not null) Names.Check("Engine", filter.Engine);
        if (filter.Name is not null) Names.Check("Name", filter.Name);
        return Readable.ListArtifactsAsync(filter, limit, cursor, cancellationToken);
    }

    /// <summary>
    /// Opens an artifact for reading, of any size, at constant memory: 256 KiB at a time. The stream can seek. Each part is verified against its
    /// SHA-256 before a byte of it is returned, and the whole at the end where it was read from the start; a mismatch is a
    /// <see cref="DataCorruptException"/> out of the read. Nothing is locked while the stream is open.
    /// </summary>
    /// <param name="workId">The item.</param>
    /// <param name="name">The artifact's name within the item.</param>
    /// <param name="version">Which version of the name: <see cref="Artifact.Version"/>. Default: the latest.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NotFoundException">There is no such item, no artifact of that name, or not in that version.</exception>
    /// <exception cref="ConflictException">The artifact is by URI: its bytes are not in the file.</exception>
    /// <exception cref="DataCorruptException">Its content is missing from the file.</exception>
    public async Task<Stream> OpenArtifactAsync(string workId, string name, int? version = null, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        Names.Check("name", name);
        return await Readable.OpenArtifactAsync(workId, name, version, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads an artifact into memory, at most 256 MiB; <see cref="OpenArtifactAsync"/> streams any size.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="name">The artifact's name within the item.</param>
    /// <param name="version">Which version of the name: <see cref="Artifact.Version"/>. Default: the latest.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="NotFoundException">There is no such item, no artifact of that name, or not in that version.</exception>
    /// <exception cref="ConflictException">The artifact is larger than 256 MiB, or by URI.</exception>
    /// <exception cref="DataCorruptException">The stored bytes do not match their SHA-256.</exception>
    public async Task<byte[]> ReadArtifactAsync(string workId, string name, int? version = null, CancellationToken cancellationToken = default)
    {
        Stream content = await OpenArtifactAsync(workId, name, version, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            if (content.Length > ArtifactNames.MaxInMemoryBytes)
                throw new ConflictException(
                    $"Artifact \"{name}\" of work item {workId} has {content.Length:N0} bytes; ReadArtifactAsync reads up to " +
                    $"{ArtifactNames.MaxInMemoryBytes:N0} into memory. Stream it by OpenArtifactAsync."
                );
            byte[] bytes = new byte[content.Length];
            await content.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            return bytes;
        }
    }
}
