using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Roost.Writing;

namespace Roost;

/// <summary>The engine's state after a step. Roost saves it only on top of the version before it.</summary>
public sealed class Snapshot
{
    private JsonElement? data;

    internal Snapshot() { }

    /// <summary>What stays the same from one snapshot to what is made of it.</summary>
    [SetsRequiredMembers]
    private Snapshot(Snapshot from)
    {
        (WorkId, Engine, Version, Step, StateVersion, Utf8) = (from.WorkId, from.Engine, from.Version, from.Step, from.StateVersion, from.Utf8);
        (CreatedAt, UpdatedAt, Delay) = (from.CreatedAt, from.UpdatedAt, from.Delay);
        (Json, MaxJsonBytes) = (from.Json, from.MaxJsonBytes);
    }

    /// <summary>The id of the work item.</summary>
    public required string WorkId { get; init; }

    /// <summary>The id of the engine that made it.</summary>
    public required string Engine { get; init; }

    /// <summary>1 for the first snapshot, then one more for each committed step.</summary>
    public required int Version { get; init; }

    /// <summary>The engine's name for where it is, such as <c>observe</c>.</summary>
    public required string Step { get; init; }

    /// <summary>The version of the state's shape: the engine's <see cref="IEngine.StateVersion"/> when it was saved.</summary>
    public int StateVersion { get; internal set; }

    /// <summary>The state as UTF-8 JSON, as it is stored.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> Utf8 { get; internal set; }

    /// <summary>The state as JSON.</summary>
    public JsonElement Data => data ??= JsonText.Parse(Utf8);

    /// <summary>When the work item was enqueued.</summary>
    public DateTimeOffset CreatedAt { get; internal set; }

    /// <summary>When this version was committed.</summary>
    public DateTimeOffset UpdatedAt { get; internal set; }

    /// <summary>When the item was done or cancelled with this snapshot, else null.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When the item failed at this snapshot, else null.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>The delay that the step asked for before the next one. Zero for none; kept in whole milliseconds.</summary>
    public TimeSpan Delay { get; internal set; }

    internal JsonSerializerOptions Json { get; init; } = RoostJson.Default;

    /// <summary>The settings of the engine that stored it, where it brings its own and this process knows them.</summary>
    internal JsonSerializerOptions? StoredBy { get; init; }

    /// <summary>It comes from the file for a reader who may know neither its engine nor the settings that it was stored by.</summary>
    internal bool IsFromElsewhere { get; init; }

    internal int MaxJsonBytes { get; init; } = int.MaxValue;

    /// <summary>It was made for an outcome with a state: no engine has it, so that it may be completed.</summary>
    internal bool IsOurs { get; init; }

    /// <summary>
    /// The state read as a <typeparamref name="T"/>, by the settings that it was stored by: those of the engine's <c>JsonTypeInfo</c> where it
    /// was made with one and is registered in this runtime, else <see cref="RoostOptions.Json"/>. Of a state that the runtime reads from the
    /// file without knowing its engine, a member that is stored under another spelling of its name (<c>TokenBudget</c>, <c>tokenBudget</c>,
    /// <c>token_budget</c>) is found as well.
    /// </summary>
    /// <exception cref="InvalidInputException">The stored state does not fit the type.</exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public T DataAs<T>() => DataBy<T>(null);

    /// <summary>
    /// The state read as a <typeparamref name="T"/>, by source-generated metadata. Where it was stored by other settings than that has, a member
    /// is found under another spelling of its name as well.
    /// </summary>
    /// <param name="type">How it is read, such as <c>Context.Default.State</c>.</param>
    /// <exception cref="InvalidInputException">The stored state does not fit the type.</exception>
    public T DataAs<T>(JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return DataBy(type);
    }

    /// <summary>The settings that it was stored by, where that is known.</summary>
    private JsonSerializerOptions? Known => StoredBy ?? (IsFromElsewhere ? null : Json);

    private T DataBy<T>(JsonTypeInfo<T>? given)
    {
        try
        {
            JsonTypeInfo<T> type = given is not null
                ? ReadTypes.Of(given)
                : ReadTypes.Of<T>(StoredBy is not null && StoredBy.TryGetTypeInfo(typeof(T), out _) ? StoredBy : Json);
            return JsonSerializer.Deserialize(type.Options == Known ? Utf8.Span : NameMatch.Adapted(Utf8, type).Span, type)!;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new InvalidInputException("state", $"version {Version} of work item {WorkId} cannot be read as {TypeNames.Of(typeof(T))}: {e.Message}", e)
            {
                Final = new(WorkId),
            };
        }
    }

    /// <summary>Makes the first snapshot of a work item.</summary>
    /// <param name="item">The item, as given to <see cref="IEngine.InitSnapshotAsync"/>.</param>
    /// <param name="data">The state: anything that serializes to JSON.</param>
    /// <param name="step">The name of the step, 1 to 256 characters.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    [OverloadResolutionPriority(1)] // Null is no metadata.
    public static Snapshot First(WorkItem item, object? data, string step = "init")
    {
        ArgumentNullException.ThrowIfNull(item);
        return FirstWritten(item, StateJson.Of(item.Id, data, item.Json, item.MaxJsonBytes), step);
    }

    /// <summary>Makes the first snapshot of a work item, its state written by source-generated metadata.</summary>
    /// <param name="item">The item, as given to <see cref="IEngine.InitSnapshotAsync"/>.</param>
    /// <param name="data">The state.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.State</c>.</param>
    /// <param name="step">The name of the step, 1 to 256 characters.</param>
    public static Snapshot First<T>(WorkItem item, T data, JsonTypeInfo<T> type, string step = "init")
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(type);
        return FirstWritten(item, StateJson.Of(item.Id, new TypedJson(data, type), item.Json, item.MaxJsonBytes), step);
    }

    internal static Snapshot FirstWritten(WorkItem item, ReadOnlyMemory<byte> utf8, string step) => new()
    {
        WorkId = item.Id,
        Engine = item.Engine,
        Version = 1,
        Step = step,
        StateVersion = 0,
        Utf8 = utf8,
        Json = item.Json,
        MaxJsonBytes = item.MaxJsonBytes,
    };

    /// <summary>Makes the snapshot that follows this one.</summary>
    /// <param name="data">The next state: anything that serializes to JSON.</param>
    /// <param name="step">The name of the step, 1 to 256 characters. Default: as in this snapshot.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    [OverloadResolutionPriority(1)] // Null is no metadata.
    public Snapshot Next(object? data, string? step = null) =>
        NextWritten(StateJson.Of(WorkId, data, Json, MaxJsonBytes), step);

    /// <summary>Makes the snapshot that follows this one, its state written by source-generated metadata.</summary>
    /// <param name="data">The next state.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.State</c>.</param>
    /// <param name="step">The name of the step, 1 to 256 characters. Default: as in this snapshot.</param>
    public Snapshot Next<T>(T data, JsonTypeInfo<T> type, string? step = null)
    {
        ArgumentNullException.ThrowIfNull(type);
        return NextWritten(StateJson.Of(WorkId, new TypedJson(data, type), Json, MaxJsonBytes), step);
    }

    internal Snapshot NextWritten(ReadOnlyMemory<byte> utf8, string? step, bool isOurs = false) => new(this)
    {
        Utf8 = utf8,
        Step = step ?? Step,
        Version = Version + 1,
        Delay = TimeSpan.Zero,
        IsOurs = isOurs,
    };

    /// <summary>The same snapshot with its state brought to a newer shape; what <see cref="IEngine.Migrate"/> returns.</summary>
    /// <param name="data">The state in the engine's present shape.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public Snapshot Migrated(object? data) => MigratedWritten(StateJson.Of(WorkId, data, Json, MaxJsonBytes));

    /// <summary>The same snapshot with its state brought to a newer shape, written by source-generated metadata.</summary>
    /// <param name="data">The state in the engine's present shape.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.State</c>.</param>
    public Snapshot Migrated<T>(T data, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return MigratedWritten(StateJson.Of(WorkId, new TypedJson(data, type), Json, MaxJsonBytes));
    }

    internal Snapshot MigratedWritten(byte[] utf8) => new(this) { Utf8 = utf8, Delay = TimeSpan.Zero };

    /// <summary>
    /// As it is to be stored, but for the time of its commit, which that sets. One that an engine has made stays as it was, and a copy goes on.
    /// </summary>
    internal Snapshot Accepted(int stateVersion, DateTimeOffset createdAt, TimeSpan delay)
    {
        Snapshot accepted = IsOurs ? this : new(this);
        (accepted.StateVersion, accepted.CreatedAt, accepted.Delay) = (stateVersion, createdAt, delay);
        return accepted;
    }

    /// <summary>
    /// Gives the memory of its state back, where that was lent for a state that an engine has returned: called once the next version is committed, and only
    /// where no code but Roost's has had this one in its hands. It has no state from here on.
    /// </summary>
    internal void Recycle()
    {
        if (!IsOurs) return;
        ReadOnlyMemory<byte> lent = Utf8;
        Utf8 = default;
        StatePool.Return(lent);
    }

    /// <summary>The same for a reader in a process that knows the settings of its engine.</summary>
    internal Snapshot ReadBy(JsonSerializerOptions? json) =>
        new(this)
        {
            StoredBy = json,
            FinishedAt = FinishedAt,
            FailedAt = FailedAt,
            IsFromElsewhere = IsFromElsewhere,
        };
}
