using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Roost.Writing;

namespace Roost;

/// <summary>How long an item holds the names in <see cref="WorkItem.Resources"/>.</summary>
public enum ResourceHold
{
    /// <summary>While a step of the item runs. The default.</summary>
    Step,

    /// <summary>From the item's first step until it is done, failed or cancelled, through delays and retries.</summary>
    Life,
}

/// <summary>
/// A durable unit of work: what the host enqueues and what the engine is given. A record for its <c>with</c>; two of them are equal where they are the same
/// object, for whether two payloads are the same only their JSON could tell.
/// </summary>
public sealed record WorkItem
{
    /// <summary>The queue of an item that names none.</summary>
    public const string DefaultQueue = "default";

    private readonly string? id;

    /// <summary>Describes work without a payload: it is <c>{}</c>.</summary>
    /// <param name="engine">The id of the engine, 1 to 256 characters. An engine that no worker serves yet is allowed.</param>
    public WorkItem(string engine) => Engine = engine;

    /// <summary>Describes work for an engine.</summary>
    /// <param name="engine">The id of the engine, 1 to 256 characters. An engine that no worker serves yet is allowed.</param>
    /// <param name="payload">Anything that serializes to a JSON object by <see cref="RoostOptions.Json"/>; null means <c>{}</c>. JSON text goes through <see
    /// cref="FromJson(string, string)"/>.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public WorkItem(string engine, object? payload) : this(engine) => Given = payload;

    /// <summary>
    /// Describes work whose payload is written by source-generated metadata, and so by the names and settings of its context, whatever <see
    /// cref="RoostOptions.Json"/> says.
    /// </summary>
    /// <param name="engine">The id of the engine, 1 to 256 characters. An engine that no worker serves yet is allowed.</param>
    /// <param name="payload">What serializes to a JSON object.</param>
    /// <param name="type">How, such as <c>Context.Default.Payload</c>.</param>
    public static WorkItem From<T>(string engine, T payload, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new(engine) { Given = new TypedJson(payload, type) };
    }

    /// <summary>Describes work whose payload is JSON text.</summary>
    /// <param name="engine">The id of the engine.</param>
    /// <param name="json">The text of a JSON object: at most 64 levels deep, no duplicate keys, at most <see cref="RoostOptions.MaxJsonBytes"/>.</param>
    public static WorkItem FromJson(string engine, string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        Names.CheckText("Payload", json);
        return new(engine) { Given = new RawJson(Encoding.UTF8.GetBytes(json)) };
    }

    /// <summary>Describes work whose payload is JSON text in UTF-8, such as a file or a request's body.</summary>
    /// <param name="engine">The id of the engine.</param>
    /// <param name="utf8">The text of a JSON object, with or without a byte-order mark: at most 64 levels deep, no duplicate keys, at most <see
    /// cref="RoostOptions.MaxJsonBytes"/>.</param>
    /// <exception cref="InvalidInputException">It is no UTF-8; the message says what it seems to be.</exception>
    public static WorkItem FromJson(string engine, ReadOnlyMemory<byte> utf8) =>
        new(engine) { Given = new RawJson(Utf8Text.Checked("Payload", utf8).ToArray()) };

    /// <summary>The id: 1 to 256 printable characters, unique in the file. Empty until enqueued unless given; then a version-7 GUID.</summary>
    public string Id { get => id ?? ""; init => id = value; }

    /// <summary>The id of the engine that steps this item.</summary>
    public string Engine { get; init; }

    /// <summary>The queue; a worker serves named queues. Default <c>default</c>.</summary>
    public string Queue { get; init; } = DefaultQueue;

    /// <summary>Higher runs first, strictly. Default 0; any 32-bit number.</summary>
    public int Priority { get; init; }

    /// <summary>
    /// Names that only one item may hold at a time, such as <c>domain:example.com</c>; a step runs when its item holds them all. Default none; at most 100,
    /// each 1 to 256 characters.
    /// </summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>How long <see cref="Resources"/> are held. Default: while a step runs.</summary>
    public ResourceHold ResourceHold { get; init; }

    /// <summary>
    /// How long to wait before the first step, counted from the moment at which the item is stored. Default none; 0 to 10 years. Not together with <see
    /// cref="NotBefore"/>. Where the clock is set back meanwhile, what is left of it is waited for, at most the whole once more.
    /// </summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>The moment before which the first step does not run, whatever becomes of the clock. A moment in the past means at once.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>The moment after which the item fails with reason <c>deadline_exceeded</c>. Must lie ahead.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Makes enqueuing repeatable: one item for each engine and key until it is purged. At most 256 characters.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>The id of the item that this one belongs to; it must exist.</summary>
    public string? ParentId { get; init; }

    /// <summary>
    /// Whether it is a child of <see cref="ParentId"/> in name only: its end is not waited for (<see cref="ChildJoin"/>), and cancelling the parent does not
    /// cancel it. Default false. Only with a parent. Follow-ups of triggers are detached.
    /// </summary>
    public bool Detached { get; init; }

    /// <summary>How long each step of this item may take. Default: the engine's, else <see cref="RoostOptions.StepTimeout"/>. 1 ms to 24 days.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How many tries each step of this item gets. Default <see cref="RoostOptions.MaxAttempts"/>; 1 to 1,000.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>
    /// A guard against an item that would go on for ever: how many steps it may commit after its first state. Where the last of them does not end it, it
    /// becomes a dead letter with reason <c>max_steps</c> and the state that this step has saved; a retry allows as many again. Default none; 1 to
    /// 1,000,000,000.
    /// </summary>
    public int? MaxSteps { get; init; }

    /// <summary>Whether it is the same object.</summary>
    public bool Equals(WorkItem? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

    /// <summary>The payload as JSON.</summary>
    public JsonElement Payload => JsonText.Parse(PayloadUtf8(int.MaxValue));

    /// <summary>The payload read as a <typeparamref name="T"/>, by <see cref="RoostOptions.Json"/>.</summary>
    /// <exception cref="InvalidInputException">The payload does not fit the type, or a member of it cannot be set and would keep its default.</exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public T PayloadAs<T>() => PayloadBy<T>(null);

    /// <summary>The payload read as a <typeparamref name="T"/>, by source-generated metadata.</summary>
    /// <param name="type">How it is read, such as <c>Context.Default.Payload</c>.</param>
    /// <exception cref="InvalidInputException">The payload does not fit the type, or a member of it cannot be set and would keep its default.</exception>
    public T PayloadAs<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return PayloadBy(type);
    }

    private T PayloadBy<T>(JsonTypeInfo<T>? type)
    {
        if ((Given is TypedJson typed ? typed.Value : Given) is T same and not StoredJson) return same;
        try
        {
            return Read(type)
                ?? throw new InvalidInputException("Payload", $"of work item {Id} is null where {TypeNames.A(typeof(T))} is expected.") { Final = new(Id) };
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new InvalidInputException("Payload", $"of work item {Id} cannot be read as {TypeNames.Of(typeof(T))}: {e.Message}", e) { Final = new(Id) };
        }
    }

    /// <summary>Under any spelling of its members' names: a payload may come from a person, or from a program with other settings.</summary>
    private T? Read<T>(JsonTypeInfo<T>? given)
    {
        JsonTypeInfo<T> type = given is null ? ReadTypes.Of<T>(Json) : ReadTypes.Of(given);
        ReadOnlyMemory<byte> utf8 = Given is StoredJson stored ? stored.For(type) : NameMatch.Adapted(PayloadUtf8(int.MaxValue), type);
        return JsonSerializer.Deserialize(utf8.Span, type);
    }

    /// <summary>The payload as it was given: a value, JSON, or what the file has.</summary>
    internal object? Given { get; init; }

    /// <summary>The settings that payload and state are read and written with.</summary>
    internal JsonSerializerOptions Json { get; init; } = RoostJson.Default;

    internal int MaxJsonBytes { get; init; } = int.MaxValue;

    internal bool IsIdGiven => id is not null;

    internal byte[] PayloadUtf8(int maxBytes) =>
        Given is StoredJson stored ? stored.Utf8 : JsonText.Serialize("Payload", Given, Json, maxBytes, objectOnly: true);
}

/// <summary>JSON that has been checked already: it comes from the file.</summary>
internal sealed class StoredJson(byte[] utf8)
{
    private Adapted? last;

    private sealed record Adapted(JsonTypeInfo Type, ReadOnlyMemory<byte> Utf8);

    public byte[] Utf8 => utf8;

    /// <summary>With its members called as the type calls them; worked out once, for every step of a lease asks for the same.</summary>
    public ReadOnlyMemory<byte> For(JsonTypeInfo type)
    {
        if (last is not { } known || known.Type != type) last = known = new(type, NameMatch.Adapted(utf8, type));
        return known.Utf8;
    }

    /// <summary>Read for a step. Where it does not fit, every try would be told the same: that is final.</summary>
    /// <param name="field">What it is called where it is given.</param>
    /// <param name="of">Of what it is that, for the message.</param>
    /// <param name="workId">The item whose step reads it.</param>
    /// <param name="type">The type.</param>
    public T Read<T>(string field, string of, string workId, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(For(type).Span, type) ?? throw Unreadable("it is null", null);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw Unreadable(e.Message, e);
        }

        InvalidInputException Unreadable(string why, Exception? e) =>
            new(field, $"{of} cannot be read as {TypeNames.A(typeof(T))}: {why}", e) { Final = new(workId) };
    }
}
