namespace Roost;

/// <summary>Which events are meant. What is left out does not narrow it: an empty filter means all of them.</summary>
public sealed record EventFilter
{
    /// <summary>
    /// Events of these kinds alone, up to 100: of <see cref="EventKinds"/>, or an engine's own with the prefix <c>engine.</c> Default: empty, any kind.
    /// </summary>
    public IReadOnlyList<string> Kinds { get; init; } = [];

    /// <summary>Events of this work item alone. Default: of all of them, and what concerns the file.</summary>
    public string? WorkId { get; init; }

    /// <summary>Events of items of this engine alone. What concerns the file is of none, nor is an item that was purged. Default: of any.</summary>
    public string? Engine { get; init; }

    /// <summary>Events that were written at this moment or later. Default: whenever.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Events that were written before this moment. Default: whenever.</summary>
    public DateTimeOffset? Until { get; init; }
}
