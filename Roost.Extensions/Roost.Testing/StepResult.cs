using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Roost.Testing;

/// <summary>What a step that was run alone has brought; nothing of it is saved.</summary>
public record StepResult
{
    /// <summary>With what it ended.</summary>
    public required OutcomeKind Kind { get; init; }

    /// <summary>The delay before the next step or try; zero for none.</summary>
    public TimeSpan After { get; init; }

    /// <summary>The name of the step in the next snapshot; null where there is none.</summary>
    public string? Step { get; init; }

    /// <summary>Why the work has failed, or is to be tried again; else null.</summary>
    public string? Reason { get; init; }

    /// <summary>What it waits for, with the schema of an answer as it is stored; null where it does not wait.</summary>
    public Wait? Wait { get; init; }

    /// <summary>The next snapshot as it would be stored; null where nothing would be saved.</summary>
    public Snapshot? Snapshot { get; init; }

    /// <summary>The artifacts that it has added, in their order.</summary>
    public required IReadOnlyList<AddedArtifact> Artifacts { get; init; }

    /// <summary>The events that it has added, in their order.</summary>
    public required IReadOnlyList<AddedEvent> Events { get; init; }

    /// <summary>The children that it has added, with their ids, in their order.</summary>
    public required IReadOnlyList<WorkItem> Children { get; init; }

    /// <summary>The signals that it has sent, in their order.</summary>
    public required IReadOnlyList<AddedSignal> Signals { get; init; }

    /// <summary>The effects that it has made, in the order in which they were recorded.</summary>
    public IReadOnlyList<AddedEffect> Effects { get; init; } = [];

    /// <summary>What it has written to its streams, by name.</summary>
    public IReadOnlyDictionary<string, string> Streams { get; init; } = new Dictionary<string, string>();

    /// <summary>How far it has said last that the work is; null where it has not.</summary>
    public WorkProgress? Progress { get; init; }

    /// <summary>How many signals it has taken from the mailbox, without the one that has woken it.</summary>
    public int SignalsTaken { get; init; }

    /// <summary>The idempotency key that the step had.</summary>
    public required string IdempotencyKey { get; init; }
}

/// <summary>The same with the next state of an engine that has a typed one.</summary>
/// <typeparam name="TState">The engine's state.</typeparam>
public sealed record StepResult<TState> : StepResult
{
    [SetsRequiredMembers]
    internal StepResult(StepResult result) : base(result) { }

    /// <summary>The next state as the next step would be given it, read back from its JSON; the type's default where nothing would be saved.</summary>
    public TState? State { get; init; }
}

/// <summary>An artifact that a step has added.</summary>
public sealed record AddedArtifact
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required ArtifactKind Kind { get; init; }

    /// <summary>Its media type.</summary>
    public required string MediaType { get; init; }

    /// <summary>Its bytes; null for one by URI, and for one from a stream, of which there is the SHA-256.</summary>
    public ReadOnlyMemory<byte>? Content { get; init; }

    /// <summary>Its bytes as UTF-8 text; null where <see cref="Content"/> is.</summary>
    public string? Text => Content is { } content ? Encoding.UTF8.GetString(content.Span) : null;

    /// <summary>The SHA-256 of its bytes in lower-case hexadecimal; null for one by URI.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Where it is, for one by URI; else null.</summary>
    public string? Uri { get; init; }
}

/// <summary>An event that a step has added.</summary>
/// <param name="Kind">Its kind as the engine gave it, without the prefix <c>engine.</c></param>
/// <param name="Data">Its data; null for none.</param>
public sealed record AddedEvent(string Kind, JsonElement? Data);

/// <summary>An effect that a step has made.</summary>
/// <param name="Path">Its name, behind those of the effects that it is within: <c>order/pay#2</c>.</param>
/// <param name="Key">The key that its call was given.</param>
/// <param name="Arguments">What it was made with; null where it did not say.</param>
/// <param name="Result">What was recorded.</param>
public sealed record AddedEffect(string Path, string Key, JsonElement? Arguments, JsonElement Result);

/// <summary>A signal that a step has sent.</summary>
/// <param name="WorkId">To whom.</param>
/// <param name="Name">Its name.</param>
/// <param name="Payload">What it carries.</param>
public sealed record AddedSignal(string WorkId, string Name, JsonElement Payload);
