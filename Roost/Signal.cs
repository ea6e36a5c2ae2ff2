using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Roost.Stores;
using Roost.Writing;

namespace Roost;

/// <summary>A durable message to one work item: it lies in the item's mailbox until a step takes it and commits.</summary>
public sealed class Signal
{
    private readonly StoredJson payload;
    private readonly byte[] hash;

    internal Signal(long key, byte[] payload, byte[] hash) => (Key, this.payload, this.hash) = (key, new(payload), hash);

    /// <summary>Its name, which a wait names: 1 to 256 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The id that its sender gave it, so that one which is delivered twice is still one; null where none was given.</summary>
    public string? Id { get; init; }

    /// <summary>The id of the work item whose step has sent it; null for one from outside.</summary>
    public string? SenderId { get; init; }

    /// <summary>When it was stored.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What it carries; a JSON null where nothing was given.</summary>
    public JsonElement Payload => JsonText.Parse(payload.Utf8);

    /// <summary>What it carries read as a <typeparamref name="T"/>, by <see cref="RoostOptions.Json"/>.</summary>
    /// <exception cref="InvalidInputException">The payload does not fit the type, or is null.</exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public T PayloadAs<T>() => Read(ReadTypes.Of<T>(Json));

    /// <summary>What it carries read as a <typeparamref name="T"/>, by source-generated metadata.</summary>
    /// <param name="type">How it is read, such as <c>Context.Default.Payment</c>.</param>
    /// <exception cref="InvalidInputException">The payload does not fit the type, or is null.</exception>
    public T PayloadAs<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return Read(ReadTypes.Of(type));
    }

    /// <summary>Where it comes from, for whoever traces.</summary>
    internal string? Trace { get; init; }

    internal long Key { get; }

    /// <summary>The id of the item that it is for.</summary>
    internal string WorkId { get; init; } = "";

    /// <summary>Whether its bytes are those that were stored.</summary>
    internal bool IsWhole => Damage.IsWhole(payload.Utf8, hash);

    internal JsonSerializerOptions Json { get; init; } = RoostJson.Default;

    private T Read<T>(JsonTypeInfo<T> type) => payload.Read("payload", $"of signal \"{Name}\" to work item {WorkId}", WorkId, type);
}
