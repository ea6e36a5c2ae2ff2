using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Roost.Stores;
using Roost.Writing;

namespace Roost;

/// <summary>
/// A question to a person, which a step waits for: as a part of <see cref="Wait"/>. It is open until somebody answers it, it is withdrawn, its time is over,
/// something else wakes the item, or the item ends.
/// </summary>
public sealed record Ask
{
    /// <summary>Asks for any JSON; <see cref="Of{TAnswer}(string)"/> asks for a type, <see cref="Schema"/> for what a schema allows.</summary>
    /// <param name="question">For a person, in Markdown: 1 to 10,000 characters.</param>
    public Ask(string question) => Question = question;

    /// <summary>Asks for an answer that reads as a type, with a form made of its members; choices are an enum.</summary>
    /// <param name="question">For a person, in Markdown: 1 to 10,000 characters.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public static Ask Of<TAnswer>(string question) => new(question) { AnswerType = typeof(TAnswer) };

    /// <summary>The same with source-generated metadata.</summary>
    /// <param name="question">For a person, in Markdown: 1 to 10,000 characters.</param>
    /// <param name="type">The answer's, such as <c>Context.Default.Approval</c>.</param>
    public static Ask Of<TAnswer>(string question, JsonTypeInfo<TAnswer> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new(question) { AnswerInfo = type };
    }

    /// <summary>What is asked, in Markdown.</summary>
    public string Question { get; init; }

    /// <summary>
    /// What an answer has to fit, as JSON Schema: <c>type</c>, <c>properties</c>, <c>required</c>, <c>enum</c>, <c>const</c>, <c>items</c>,
    /// <c>additionalProperties</c>, <c>nullable</c>, bounds of numbers, lengths and counts, <c>format</c> (date-time, date, uuid, uri, email, multiline),
    /// <c>title</c>, <c>description</c>, <c>default</c>; any other keyword is refused. At most 64 KiB. Default: that of the type, or any JSON.
    /// </summary>
    public JsonElement? Schema { get; init; }

    /// <summary>Whom it is for: a name by which people pick their questions, 1 to 256 characters. Default: anybody.</summary>
    public string? For { get; init; }

    /// <summary>Names of artifacts of the item to look at, of this step or earlier ones. Default none; at most 100.</summary>
    public IReadOnlyList<string> Artifacts { get; init; } = [];

    internal Type? AnswerType { get; init; }

    internal JsonTypeInfo? AnswerInfo { get; init; }
}

/// <summary>What has become of a question.</summary>
public enum AskState
{
    /// <summary>Its item waits for an answer.</summary>
    Open,

    /// <summary>Somebody has answered.</summary>
    Answered,

    /// <summary>Somebody has taken it back; its item goes on.</summary>
    Withdrawn,

    /// <summary>Its time was over before anybody answered.</summary>
    Expired,

    /// <summary>Something else has woken its item, or the item has ended.</summary>
    Closed,
}

/// <summary>A question as people see it.</summary>
public sealed record AskInfo
{
    /// <summary>Its id, a version-7 GUID.</summary>
    public required string Id { get; init; }

    /// <summary>The id of the item that asks.</summary>
    public required string WorkId { get; init; }

    /// <summary>The item's engine.</summary>
    public required string Engine { get; init; }

    /// <summary>The item's queue.</summary>
    public required string Queue { get; init; }

    /// <summary>What is asked, in Markdown.</summary>
    public required string Question { get; init; }

    /// <summary>What an answer has to fit; <c>true</c> where that is any JSON.</summary>
    public required JsonElement Schema { get; init; }

    /// <summary>Whom it is for; null for anybody.</summary>
    public string? For { get; init; }

    /// <summary>Names of artifacts of the item to look at.</summary>
    public required IReadOnlyList<string> Artifacts { get; init; }

    /// <summary>When it was asked.</summary>
    public required DateTimeOffset AskedAt { get; init; }

    /// <summary>Until when it can be answered; null for ever, and once it is closed.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>What has become of it.</summary>
    public required AskState State { get; init; }

    /// <summary>When it was answered, withdrawn or closed; null while it is open.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>The answer that was accepted; else null.</summary>
    public Answer? Answer { get; init; }

    /// <summary>Who has withdrawn it; else null.</summary>
    public string? WithdrawnBy { get; init; }

    /// <summary>
    /// The effect of which it asks whether it has happened (<see cref="EffectInfo.Path"/>); null of any other question. The answer is
    /// <c>{"outcome": "happened", "result": ...}</c>, <c>{"outcome": "did_not"}</c>, and its step makes the call, or <c>{"outcome": "fail"}</c>. It cannot be
    /// withdrawn.
    /// </summary>
    public string? Effect { get; init; }

    internal bool IsOfEffect => Effect is not null;

    /// <summary>The trace of the step that asks.</summary>
    internal string? Trace { get; init; }
}

/// <summary>Which questions are meant.</summary>
public sealed record AskFilter
{
    /// <summary>Questions for this one or for anybody. Default: for whomever.</summary>
    public string? For { get; init; }

    /// <summary>Questions of this engine's items. Default: of any.</summary>
    public string? Engine { get; init; }

    /// <summary>Questions of this item, of any state. Default: of any.</summary>
    public string? WorkId { get; init; }
}

/// <summary>An answer that was accepted.</summary>
public sealed class Answer
{
    private readonly StoredJson value;
    private readonly byte[] hash;

    internal Answer(byte[] value, byte[] hash) => (this.value, this.hash) = (new(value), hash);

    /// <summary>What was answered.</summary>
    public JsonElement Value => JsonText.Parse(value.Utf8);

    /// <summary>Who has answered.</summary>
    public required string By { get; init; }

    /// <summary>What was said with it; or null.</summary>
    public string? Comment { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The answer read as a <typeparamref name="T"/>, by <see cref="RoostOptions.Json"/>.</summary>
    /// <exception cref="InvalidInputException">The answer does not fit the type, or is null.</exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public T As<T>() => value.Read("value", $"of the answer to work item {WorkId}", WorkId, ReadTypes.Of<T>(Json));

    /// <summary>The answer read as a <typeparamref name="T"/>, by source-generated metadata.</summary>
    /// <param name="type">How it is read, such as <c>Context.Default.Approval</c>.</param>
    /// <exception cref="InvalidInputException">The answer does not fit the type, or is null.</exception>
    public T As<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return value.Read("value", $"of the answer to work item {WorkId}", WorkId, ReadTypes.Of(type));
    }

    internal string WorkId { get; init; } = "";

    /// <summary>Where it comes from, for whoever traces.</summary>
    internal string? Trace { get; init; }

    internal bool IsWhole => Damage.IsWhole(value.Utf8, hash);

    internal JsonSerializerOptions Json { get; init; } = RoostJson.Default;
}

/// <summary>What became of an answer.</summary>
/// <param name="WorkId">The id of the item that goes on.</param>
/// <param name="Created">False where the same answer by the same person had been accepted before.</param>
public readonly record struct AnswerResult(string WorkId, bool Created);
