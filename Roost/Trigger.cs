using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;

namespace Roost;

/// <summary>
/// "When an item of engine A is done and a condition holds, enqueue one for engine B." Evaluated in the transaction that finishes the item.
/// The follow-up inherits payload, priority, queue and resources, and is linked as a child.
/// </summary>
/// <param name="When">The engine whose items are watched.</param>
/// <param name="Enqueue">The engine of the follow-up.</param>
public sealed record Trigger(string When, string Enqueue)
{
    /// <summary>
    /// The condition: a path such as <c>snapshot.data.changed</c> or <c>item.payload.notify</c> that must be truthy (present, not null, false, 0, "" or empty).
    /// Default: always.
    /// </summary>
    public string? If { get; init; }

    /// <summary>
    /// Fields laid over the inherited payload: name to path, such as <c>message</c> to <c>snapshot.data.summary</c>. A path that leads nowhere sets nothing. A
    /// name in a path is the one that is stored; where that is not there, <c>token_budget</c> finds <c>TokenBudget</c> or <c>tokenBudget</c>, too.
    /// </summary>
    public IReadOnlyDictionary<string, string> Fields { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Fixed values laid over the inherited payload, after <see cref="Fields"/>: name to anything that serializes to JSON by <see cref="RoostOptions.Json"/>.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Values
    {
        get;
        [RequiresUnreferencedCode(Reflective.Value), RequiresDynamicCode(Reflective.Value)]
        init;
    } = new Dictionary<string, object?>();

    /// <summary>How many triggers may follow each other from one item, so that a circle ends. Default 32; 1 to 1,000.</summary>
    public int MaxDepth { get; init; } = 32;

    /// <summary>The same with one more of <see cref="Values"/>, written at once by source-generated metadata.</summary>
    /// <param name="name">Its name in the payload.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.String</c>.</param>
    /// <exception cref="InvalidInputException">It cannot be written.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "What is added is JSON already.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "What is added is JSON already.")]
    public Trigger WithValue<T>(string name, T value, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return this with { Values = new Dictionary<string, object?>(Values) { [name] = JsonText.Element($"values.{name}", value, type, objectOnly: false) } };
    }
}
