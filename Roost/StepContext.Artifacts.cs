using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Roost.Observing;
using Roost.Stores;

namespace Roost;

public sealed partial class StepContext
{
    private string? streaming;
    private int streams;

    /// <summary>Adds an artifact whose content is a value written as JSON.</summary>
    /// <param name="name">Its name within the item, such as <c>report.json</c>; once in a step.</param>
    /// <param name="value">Anything that serializes to JSON by <see cref="RoostOptions.Json"/>.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    [OverloadResolutionPriority(1)] // Null is no metadata.
    public void AddArtifact(string name, object value, ArtifactInfo? info = null) => AddJson(name, value, null, info);

    /// <summary>Adds an artifact whose content is a value written as JSON by source-generated metadata.</summary>
    /// <param name="name">Its name within the item, such as <c>report.json</c>; once in a step.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.Report</c>.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public void AddArtifact<T>(string name, T value, JsonTypeInfo<T> type, ArtifactInfo? info = null) where T : notnull
    {
        ArgumentNullException.ThrowIfNull(type);
        AddJson(name, value, type, info);
    }

    private void AddJson(string name, object value, JsonTypeInfo? type, ArtifactInfo? info)
    {
        ArgumentNullException.ThrowIfNull(value);
        byte[] json;
        try
        {
            json = type is null ? JsonText.Indented("value", value, runtime.Options.Json) : JsonText.Indented("value", value, type);
        }
        catch (InvalidInputException e)
        {
            throw OfArtifact(name, e);
        }
        AddArtifactBytes(name, json, info ?? new() { Kind = ArtifactKind.Json, MediaType = "application/json" });
    }

    /// <summary>Adds an artifact whose content is text, stored as UTF-8.</summary>
    /// <param name="name">Its name within the item; once in a step.</param>
    /// <param name="text">The text.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public void AddArtifactText(string name, string text, ArtifactInfo? info = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            Names.CheckSurrogates("text", text);
        }
        catch (InvalidInputException e)
        {
            throw OfArtifact(name, e);
        }
        AddArtifactBytes(name, Encoding.UTF8.GetBytes(text), info);
    }

    /// <summary>
    /// Adds an artifact whose content is in memory. At most 256 MiB; more than some MiB is better streamed by <see cref="AddArtifactAsync"/>.
    /// </summary>
    /// <param name="name">Its name within the item; once in a step.</param>
    /// <param name="content">The bytes; do not change them before the step has ended.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public void AddArtifactBytes(string name, ReadOnlyMemory<byte> content, ArtifactInfo? info = null)
    {
        if (content.Length > ArtifactNames.MaxInMemoryBytes)
            throw new InvalidInputException(
                "content",
                $"of artifact \"{name}\" is {content.Length:N0} bytes; the limit in memory is {ArtifactNames.MaxInMemoryBytes:N0}. Stream it by " +
                $"AddArtifactAsync."
            )
            {
                Final = Final,
            };
        Stage(Describe(name, info) with { Content = content, Sha256 = SHA256.HashData(content.Span) }, content.Length);
    }

    /// <summary>Adds an artifact that is somewhere else: its address alone is stored.</summary>
    /// <param name="name">Its name within the item; once in a step.</param>
    /// <param name="uri">An absolute URI.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public void AddArtifactUri(string name, Uri uri, ArtifactInfo? info = null)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (!uri.IsAbsoluteUri) throw new InvalidInputException("uri", $"\"{uri}\" is relative; give an absolute one.") { Final = Final };
        Stage(Describe(name, info) with { Uri = uri.AbsoluteUri }, uri.AbsoluteUri.Length);
    }

    /// <summary>
    /// Adds an artifact from a stream, of any size, at constant memory. Its bytes land in the file as they come and count once the step commits.
    /// Await it: a step that returns before has failed.
    /// </summary>
    /// <param name="name">Its name within the item; once in a step.</param>
    /// <param name="content">Read to its end; not closed.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public async Task AddArtifactAsync(string name, Stream content, ArtifactInfo? info = null)
    {
        ArgumentNullException.ThrowIfNull(content);
        try
        {
            await UploadAsync(Describe(name, info), content).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Where nobody awaits this, nobody else would say it.
            runtime.Log.ArtifactNotAdded(e, name, Item.Id, Version);
            throw;
        }
    }

    private async Task UploadAsync(StagedArtifact described, Stream content)
    {
        lock (gate)
        {
            CheckName(described.Name);
            streams++;
            streaming = described.Name;
        }
        try
        {
            PinnedBlob blob = await runtime.Store.UploadAsync(lease.WorkerKey, content, CancellationToken).ConfigureAwait(false);
            try
            {
                Stage(described with { Blob = blob, Sha256 = blob.Sha256 }, 256);
            }
            catch
            {
                await runtime.Store.DropUploadAsync(blob).ConfigureAwait(false);
                throw;
            }
        }
        finally
        {
            lock (gate) streams--;
        }
    }

    /// <summary>The artifacts that earlier steps have attached, oldest first.</summary>
    public Task<IReadOnlyList<Artifact>> ListArtifactsAsync() => runtime.ListArtifactsOfAsync(Item.Id, CancellationToken);

    /// <summary>Opens an artifact of an earlier step for reading; the latest of that name.</summary>
    /// <exception cref="NotFoundException">No earlier step has attached one of that name.</exception>
    public Task<Stream> OpenArtifactAsync(string name) => runtime.OpenArtifactAsync(Item.Id, name, cancellationToken: CancellationToken);

    private InvalidInputException OfArtifact(string name, InvalidInputException e) =>
        new(e.Field, $"of artifact \"{name}\" {e.Rule}", e) { Final = Final, FinalReason = e.FinalReason };

    private StagedArtifact Describe(string name, ArtifactInfo? info) => Checked(() =>
    {
        Names.CheckFile("name", name);
        info ??= new();
        if (!Enum.IsDefined(info.Kind))
            throw new InvalidInputException(
                "Kind",
                $"{(int)info.Kind} is no kind of artifact; give one of {string.Join(", ", Enum.GetNames<ArtifactKind>())}."
            );
        byte[]? metadata = info.Metadata is null
            ? null
            : JsonText.Serialize("Metadata", info.Metadata, runtime.Options.Json, runtime.Options.MaxJsonBytes, objectOnly: true);
        if (info.MediaType is not null)
            Names.Check("MediaType", info.MediaType);
        return new StagedArtifact(
            name,
            info.Kind == ArtifactKind.Auto ? ArtifactNames.KindOf(name) : info.Kind,
            info.MediaType ?? ArtifactNames.MediaTypeOf(name),
            metadata
        );
    });

    private void Stage(StagedArtifact artifact, int bytes)
    {
        lock (gate)
        {
            CheckName(artifact.Name);
            Open().Artifacts.Add(artifact);
            Open().AddBytes(bytes);
        }
    }

    private void CheckName(string name)
    {
        if (Open().Artifacts.Any(other => other.Name == name))
            throw new InvalidInputException("name", $"\"{name}\" was added before in this step of work item {Item.Id}; give each its own name.")
            {
                Final = Final,
            };
    }

    private void ThrowIfStreaming()
    {
        if (streams == 0) return;
        throw new InvalidInputException(
            "name",
            $"\"{streaming}\" was still being added by AddArtifactAsync when the step of work item {Item.Id} returned; await it, and everything else that " +
            $"the step starts, before it returns."
        )
        {
            Final = Final,
        };
    }
}
