using System.Diagnostics.CodeAnalysis;
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
    public int StateVersion { get; internal init; }

    /// <summary>The state as UTF-8 JSON, as it is stored.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> Utf8 { get; internal init; }

    /// <summary>The state as JSON.</summary>
    public JsonElement Data => data ??= JsonText.Parse(Utf8);

    /// <summary>When the work item was enqueued.</summary>
    public DateTimeOffset CreatedAt { get; internal init; }

    /// <summary>When this version was committed.</summary>
    public DateTimeOffset UpdatedAt { get; internal init; }

    /// <summary>When the item was done or cancelled with this snapshot, else null.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When the item failed at this snapshot, else null.</summary>
    public DateTimeOffset? FailedAt { get; init; }

    /// <summary>The delay that the step asked for before the next one. Zero for none; kept in whole milliseconds.</summary>
    public TimeSpan Delay { get; internal init; }

    internal JsonSerializerOptions Json { get; init; } = RoostJson.Default;

    /// <summary>The settings of the engine that stored it, where it brings its own and this process knows them.</summary>
    internal JsonSerializerOptions? StoredBy { get; init; }

    /// <summary>It comes from the file for a reader who may know neither its engine nor the settings that it was stored by.</summary>
    internal bool IsFromElsewhere { get; init; }

    internal int MaxJsonBytes { get; init; } = int.MaxValue;

    /// <summary>
    /// The state read as a <typeparamref name="T"/>, by the settings that it was stored by: those of the engine's <c>JsonTypeInfo</c> where it
    /// was made with one and is registered in this runtime, else <see cref="RoostOptions.Json"/>. Of a state that the runtime reads from the
    /// file without knowing its engine, a member that is stored under another spelling of its name (<c>TokenBudget</c>, <c>tokenBudget</c>,
    /// <c>token_budget</c>) is found as well.
    /// </summary>
    /// <exception cref="InvalidInputException">The stored state does not fit the type.</exception>
    public T DataAs<T>()
    {
        try
        {
            if (StoredBy is not null && StoredBy.TryGetTypeInfo(typeof(T), out _)) return JsonSerializer.Deserialize(Utf8.Span, ReadTypes.Of<T>(StoredBy))!;
            JsonTypeInfo<T> type = ReadTypes.Of<T>(Json);
            return JsonSerializer.Deserialize(StoredBy is null && !IsFromElsewhere ? Utf8.Span : NameMatch.Adapted(Utf8, type).Span, type)!;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new InvalidInputException("state", $"version {Version} of work item {WorkId} cannot be read as {TypeNames.Of(typeof(T))}: {e.Message}", e) { Final = new(WorkId) };
        }
    }

    /// <summary>Makes the first snapshot of a work item.</summary>
    /// <param name="item">The item, as given to <see cref="IEngine.InitSnapshotAsync"/>.</param>
    /// <param name="data">The state: anything that serializes to JSON.</param>
    /// <param name="step">The name of the step, 1 to 256 characters.</param>
    public static Snapshot First(WorkItem item, object? data, string step = "init")
    {
        ArgumentNullException.ThrowIfNull(item);
        return First(item, StateJson.Of(item.Id, data, item.Json, item.MaxJsonBytes), step);
    }

    internal static Snapshot First(WorkItem item, byte[] utf8, string step) => new()
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
    public Snapshot Next(object? data, string? step = null) =>
        Next(StateJson.Of(WorkId, data, Json, MaxJsonBytes), step);

    internal Snapshot Next(byte[] utf8, string? step) => new(this) { Utf8 = utf8, Step = step ?? Step, Version = Version + 1, Delay = TimeSpan.Zero };

    /// <summary>The same snapshot with its state brought to a newer shape; what <see cref="IEngine.Migrate"/> returns.</summary>
    /// <param name="data">The state in the engine's present shape.</param>
    public Snapshot Migrated(object? data) => new(this) { Utf8 = StateJson.Of(WorkId, data, Json, MaxJsonBytes), Delay = TimeSpan.Zero };

    /// <summary>The same as it is stored by a commit.</summary>
    internal Snapshot Stored(int stateVersion, DateTimeOffset createdAt, DateTimeOffset updatedAt, TimeSpan delay) => new(this)
    {
        StateVersion = stateVersion,
        CreatedAt = createdAt,
        UpdatedAt = updatedAt,
        Delay = delay,
    };

    /// <summary>The same for a reader in a process that knows the settings of its engine.</summary>
    internal Snapshot ReadBy(JsonSerializerOptions? json) => new(this) { StoredBy = json, FinishedAt = FinishedAt, FailedAt = FailedAt, IsFromElsewhere = IsFromElsewhere };
}
