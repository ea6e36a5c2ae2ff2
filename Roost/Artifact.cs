using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Roost;

/// <summary>What an artifact is, for people and tools.</summary>
public enum ArtifactKind
{
    /// <summary>
    /// Told from the extension: <c>.json</c> json, <c>.log</c> log, <c>.patch</c> and <c>.diff</c> patch, <c>.md</c>, <c>.txt</c> and <c>.html</c> report; else
    /// <see cref="Other"/>. Never stored.
    /// </summary>
    Auto,

    /// <summary>A change to source text.</summary>
    Patch,

    /// <summary>A log.</summary>
    Log,

    /// <summary>A report for people.</summary>
    Report,

    /// <summary>Bytes for programs.</summary>
    Binary,

    /// <summary>A JSON document.</summary>
    Json,

    /// <summary>Anything else.</summary>
    Other,
}

/// <summary>An immutable output of a work item.</summary>
public sealed record Artifact
{
    /// <summary>The work item that it belongs to.</summary>
    public required string WorkId { get; init; }

    /// <summary>Its name within the item, such as <c>report.json</c>. A later version under the same name does not replace an earlier one.</summary>
    public required string Name { get; init; }

    /// <summary>The snapshot version that its step made; where the step failed for good without one, the version that it started from.</summary>
    public required int Version { get; init; }

    /// <summary>What it is.</summary>
    public required ArtifactKind Kind { get; init; }

    /// <summary>Its media type, such as <c>application/json</c>.</summary>
    public required string MediaType { get; init; }

    /// <summary>Its size in bytes; null for an artifact by URI.</summary>
    public long? Size { get; init; }

    /// <summary>The SHA-256 of its bytes in lower-case hexadecimal; null for an artifact by URI.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Where it is, for an artifact whose bytes are not in the file; else null.</summary>
    public string? Uri { get; init; }

    /// <summary>What the engine said about it: a JSON object, or null.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>When it was attached.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The extension of the name in lower case with its dot, such as <c>.json</c>; empty for none.</summary>
    public string Extension => Path.GetExtension(Name).ToLowerInvariant();
}

/// <summary>What may be said about an artifact when it is attached.</summary>
public sealed record ArtifactInfo
{
    /// <summary>What it is. Default: told from the name's extension.</summary>
    public ArtifactKind Kind { get; init; }

    /// <summary>Its media type. Default: told from the name's extension, else <c>application/octet-stream</c>.</summary>
    public string? MediaType { get; init; }

    /// <summary>Anything that serializes to a JSON object by <see cref="RoostOptions.Json"/>. Default none.</summary>
    public object? Metadata
    {
        get;
        [RequiresUnreferencedCode(Reflective.Value), RequiresDynamicCode(Reflective.Value)]
        init;
    }

    /// <summary>The same with this <see cref="Metadata"/>, written at once by source-generated metadata.</summary>
    /// <param name="metadata">What serializes to a JSON object.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.Origin</c>.</param>
    /// <exception cref="InvalidInputException">It cannot be written, or is no object.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "What is given is JSON already.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "What is given is JSON already.")]
    public ArtifactInfo WithMetadata<T>(T metadata, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return this with { Metadata = JsonText.Element("metadata", metadata, type, objectOnly: true) };
    }
}
