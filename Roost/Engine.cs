using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Roost.Writing;

namespace Roost;

/// <summary>
/// An engine over a typed state. The state is stored as JSON without CLR type names.
/// One instance is called for many items at once: keep what belongs to an item in its state, not in fields.
/// </summary>
/// <remarks>
/// What a state holds comes back, or is refused by the member's name. Its type is judged when the engine is added: fields that the JSON
/// settings leave out, private setters, objects and interfaces without <c>[JsonDerivedType]</c>, collections that cannot be read back, keys that
/// JSON cannot have, constructors that take what no member holds. Some states are read back as soon as they are written, and compared: each
/// that holds what none before it in this process has held (another type of value in a member or list, another comparer, null where it is left
/// out, the first value of a member that is computed, hidden or written by your own converter), the first 16, each that is half as long again as
/// any before it, and one in 1,024. One that differs makes its item a dead letter with reason <c>state_not_kept</c>, without further tries.
/// Members that are computed from others pass. Of private and internal members numbers, texts, times and collections of them are compared; one
/// that comes back as null is taken for a cache, and one marked <c>[JsonIgnore]</c> is not looked at.
/// A type without any data may be a state: it is stored as <c>{}</c>.
/// </remarks>
/// <typeparam name="TState">The state: anything that System.Text.Json writes and reads back, such as a record.</typeparam>
public abstract class Engine<[DynamicallyAccessedMembers(JsonMembers.Judged)] TState> : IEngine, ITypedEngine
{
    private readonly JsonTypeInfo<TState>? givenType;
    private readonly ConditionalWeakTable<JsonSerializerOptions, StateTrial<TState>> trials = [];
    private StateTrial<TState>? lastTrial;

    /// <summary>Creates an engine whose state is read and written by reflection, with the runtime's <see cref="RoostOptions.Json"/>.</summary>
    [RequiresUnreferencedCode(Reflective.State), RequiresDynamicCode(Reflective.State)]
    protected Engine() { }

    /// <summary>
    /// Creates an engine whose state is read and written by source-generated metadata, and so by the names and settings of its context,
    /// whatever <see cref="RoostOptions.Json"/> says. <see cref="Snapshot.DataAs{T}()"/> and triggers' paths find them by either's names.
    /// </summary>
    protected Engine(JsonTypeInfo<TState> stateType)
    {
        ArgumentNullException.ThrowIfNull(stateType);
        givenType = stateType;
    }

    /// <inheritdoc/>
    public abstract string EngineId { get; }

    /// <inheritdoc/>
    public virtual int StateVersion => 1;

    /// <inheritdoc/>
    public virtual int? MaxConcurrency => null;

    /// <inheritdoc/>
    public virtual TimeSpan? StepTimeout => null;

    /// <inheritdoc/>
    public virtual OnInterrupted OnInterrupted => OnInterrupted.Retry;

    /// <summary>Makes the first state of a work item. Override this or <see cref="InitAsync"/>.</summary>
    protected virtual TState Init(WorkItem item) =>
        throw new InvalidInputException("Init", $"engine \"{EngineId}\" overrides neither Init nor InitAsync; override one of them to make the first state.")
        {
            Final = new(item.Id),
        };

    /// <summary>
    /// Makes the first state of a work item where that needs waiting, or the context that every step has: its idempotency key, its tries, events,
    /// artifacts and children. Default: calls <see cref="Init"/>.
    /// </summary>
    protected virtual Task<TState> InitAsync(WorkItem item, StepContext context) => Task.FromResult(Init(item));

    /// <summary>
    /// Takes the state and returns an outcome with the next: <see cref="Continue"/>, <see cref="WaitFor(string, TState, TimeSpan?, string?)"/>,
    /// <see cref="Done"/>, <see cref="Fail(string)"/> or <see cref="RetryAfter"/>; outside of the class the same by
    /// <see cref="Outcome.Continue{TState}(TState, TimeSpan, string?)"/> and its like.
    /// </summary>
    protected abstract Task<Outcome> StepAsync(TState state, StepContext context);

    /// <summary>Brings a stored state of an older <see cref="StateVersion"/> to the present shape. Default: unchanged.</summary>
    /// <param name="state">The state as stored; may be changed in place and returned.</param>
    /// <param name="fromVersion">The <see cref="StateVersion"/> that it was stored with.</param>
    protected virtual JsonNode? Migrate(JsonNode? state, int fromVersion) => state;

    /// <summary>Save the state and step again, at once or after a delay.</summary>
    /// <param name="state">The next state.</param>
    /// <param name="after">The delay before the next step, 0 to 10 years, in whole milliseconds rounded up. Default none.</param>
    /// <param name="step">The name of the step for people, 1 to 256 characters. Default: as before.</param>
    protected static Outcome Continue(TState state, TimeSpan after = default, string? step = null) =>
        new TypedOutcome<TState>(OutcomeKind.Continue, state, true, after, step, null);

    /// <summary>
    /// Save the state and rest until a signal of this name comes, from <see cref="RoostRuntime.SignalAsync(string, string, object?, string?,
    /// CancellationToken)"/> or another item's step; one that has come already and was not taken counts. Nothing runs and nothing polls meanwhile. The
    /// next step is told what woke it by <see cref="StepContext.Wake"/>.
    /// </summary>
    /// <param name="signal">The name of the signal, 1 to 256 characters.</param>
    /// <param name="state">The next state.</param>
    /// <param name="timeout">How long at most, above zero and up to 10 years, in whole milliseconds rounded up. Default: for ever.</param>
    /// <param name="step">The name of the step for people, 1 to 256 characters. Default: as before.</param>
    protected static Outcome WaitFor(string signal, TState state, TimeSpan? timeout = null, string? step = null) =>
        WaitFor(new Wait { Signals = [signal], Timeout = timeout }, state, step);

    /// <summary>
    /// Save the state and rest until a person has answered, by <c>roost answer</c>, the console or <see cref="RoostRuntime.AnswerAsync(string, object?,
    /// string, string?, CancellationToken)"/>. The next step is given the answer by <see cref="Wake.Answer"/>; or is told that the time is over or the
    /// question was withdrawn.
    /// </summary>
    /// <typeparam name="TAnswer">What the answer has to read as: a form is made of its members, and choices are an enum.</typeparam>
    /// <param name="state">The next state.</param>
    /// <param name="question">For a person, in Markdown: 1 to 10,000 characters.</param>
    /// <param name="within">How long at most, above zero and up to 10 years, in whole milliseconds rounded up. Default: for ever.</param>
    /// <param name="of">Whom it is for: a name by which people pick their questions. Default: anybody.</param>
    /// <param name="step">The name of the step for people, 1 to 256 characters. Default: as before.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    protected static Outcome Ask<TAnswer>(TState state, string question, TimeSpan? within = null, string? of = null, string? step = null) =>
        WaitFor(new Wait { Ask = Roost.Ask.Of<TAnswer>(question) with { For = of }, Timeout = within }, state, step);

    /// <summary>The same with source-generated metadata for the answer.</summary>
    /// <inheritdoc cref="Ask{TAnswer}(TState, string, TimeSpan?, string?, string?)"/>
    protected static Outcome Ask<TAnswer>(
        TState state, string question, JsonTypeInfo<TAnswer> type, TimeSpan? within = null, string? of = null, string? step = null) =>
        WaitFor(new Wait { Ask = Roost.Ask.Of(question, type) with { For = of }, Timeout = within }, state, step);

    /// <summary>
    /// Save the state and rest until children have ended, those that this step adds included. The next step is told how they stand by
    /// <see cref="Wake.Children"/>, and reads them by <see cref="StepContext.ChildrenAsync{TState}(ChildScope, string?)"/>.
    /// </summary>
    /// <param name="state">The next state.</param>
    /// <param name="join">How many of them. Default: all.</param>
    /// <param name="timeout">How long at most, above zero and up to 10 years, in whole milliseconds rounded up. Default: for ever.</param>
    /// <param name="step">The name of the step for people, 1 to 256 characters. Default: as before.</param>
    protected static Outcome WaitForChildren(TState state, ChildJoin? join = null, TimeSpan? timeout = null, string? step = null) =>
        WaitFor(new Wait { Children = join ?? ChildJoin.All, Timeout = timeout }, state, step);

    /// <summary>Save the state and rest until one of several things has happened: signals, an answer, the ends of children, a time.</summary>
    /// <param name="wait">What it waits for.</param>
    /// <param name="state">The next state.</param>
    /// <param name="step">The name of the step for people, 1 to 256 characters. Default: as before.</param>
    protected static Outcome WaitFor(Wait wait, TState state, string? step = null) =>
        new TypedOutcome<TState>(OutcomeKind.Wait, state, true, default, step, null, wait);

    /// <summary>Save the state as the item's last: the work is done.</summary>
    protected static Outcome Done(TState state, string step = "done") => new TypedOutcome<TState>(OutcomeKind.Done, state, true, default, step, null);

    /// <summary>Give up for good, without further tries, keeping the state before this step.</summary>
    /// <param name="reason">What a person should know, at most 10,000 characters.</param>
    protected static Outcome Fail(string reason) => new TypedOutcome<TState>(OutcomeKind.Fail, default!, false, default, null, reason);

    /// <summary>Give up for good, without further tries, saving a last state.</summary>
    protected static Outcome Fail(TState state, string reason, string step = "failed") =>
        new TypedOutcome<TState>(OutcomeKind.Fail, state, true, default, step, reason);

    /// <inheritdoc cref="Outcome.RetryAfter"/>
    protected static Outcome RetryAfter(TimeSpan delay, string why) => Outcome.RetryAfter(delay, why);

    /// <inheritdoc cref="IEngine.Retry"/>
    protected virtual RetryDecision Retry(Exception exception, int attempt) => RetryDecision.Default;

    RetryDecision IEngine.Retry(Exception exception, int attempt) => Retry(exception, attempt);

    /// <inheritdoc cref="IEngine.OnEndedAsync"/>
    /// <param name="state">The item's last state; the type's default where it has none (<see cref="EndContext.Version"/> is 0), or that is damaged.</param>
    /// <param name="context">How it has ended.</param>
    protected virtual Task OnEndedAsync(TState? state, EndContext context) => Task.CompletedTask;

    Task IEngine.OnEndedAsync(Snapshot? last, EndContext context) =>
        OnEndedAsync(last is null ? default : Read(last, TrialFor(context.Item.Json).Type), context);

    bool ITypedEngine.WantsEnds => new Func<TState?, EndContext, Task>(OnEndedAsync).Method.DeclaringType != typeof(Engine<TState>);

    async Task<Snapshot> IEngine.InitSnapshotAsync(WorkItem item, StepContext context)
    {
        Task<TState> making = InitAsync(item, context)
            ?? throw new InvalidInputException(
                "state",
                $"engine \"{EngineId}\" returned a null task from InitAsync for work item {item.Id}; return the first state."
            )
            {
                Final = new(item.Id),
            };
        TState state = await making.ConfigureAwait(false);
        if (state is null)
            throw new InvalidInputException("state", $"engine \"{EngineId}\" made null of work item {item.Id}; return the first state.")
            {
                Final = new(item.Id),
            };
        return Snapshot.FirstWritten(item, StateJson.Of(item.Id, state, TrialFor(item.Json), item.MaxJsonBytes, about: 0), "init");
    }

    async Task<Outcome> IEngine.StepAsync(Snapshot snapshot, WorkItem item, StepContext context)
    {
        context.SteppedBy = this;
        StateTrial<TState> trial = TrialFor(item.Json);
        Task<Outcome>? step = StepAsync(Read(snapshot, trial.Type), context);
        Outcome? outcome = step is null ? null : await step.ConfigureAwait(false);
        return outcome is StateOutcome stated ? stated.Of<TState>(snapshot).ToRaw(snapshot, trial, item.MaxJsonBytes) : outcome!;
    }

    Snapshot IEngine.Migrate(Snapshot older) =>
        older.MigratedWritten(StateJson.Of(older.WorkId, Migrate(JsonNode.Parse(older.Utf8.Span), older.StateVersion), older.Json, older.MaxJsonBytes));

    private static TState Read(Snapshot snapshot, JsonTypeInfo<TState> type)
    {
        try
        {
            return JsonSerializer.Deserialize(snapshot.Utf8.Span, type)!;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new InvalidInputException(
                "state",
                $"version {snapshot.Version} of work item {snapshot.WorkId} cannot be read as {TypeNames.Of(typeof(TState))}: {e.Message}",
                e
            )
            {
                Final = new(snapshot.WorkId),
            };
        }
    }

    JsonSerializerOptions? ITypedEngine.OwnJson => givenType?.Options;

    object ITypedEngine.Judge(string engineId, JsonSerializerOptions options)
    {
        StateTrial<TState> trial = TrialFor(options);
        try
        {
            StateShape.Judge(trial.Type, isState: true);
        }
        catch (LostException lost)
        {
            throw new InvalidInputException("state", $"of engine \"{engineId}\" would not come back from the file as it is: {lost.Told}");
        }
        return trial;
    }

    void ITypedEngine.Share(JsonSerializerOptions options, object trial)
    {
        lastTrial = (StateTrial<TState>)trial;
        trials.AddOrUpdate(givenType?.Options ?? options, lastTrial);
    }

    private StateTrial<TState> TrialFor(JsonSerializerOptions options)
    {
        JsonSerializerOptions its = givenType?.Options ?? options;
        StateTrial<TState>? known = lastTrial;
        if (known is not null && ReferenceEquals(known.Type.Options, its)) return known;
        return lastTrial = trials.GetValue(its, MakeTrial);
    }

    private StateTrial<TState> MakeTrial(JsonSerializerOptions options) => new(givenType ?? (JsonTypeInfo<TState>)options.GetTypeInfo(typeof(TState)));
}

/// <summary>What a runtime asks of an engine with a typed state when it is added.</summary>
internal interface ITypedEngine
{
    /// <summary>The settings that it brings for its state; null where it takes the runtime's.</summary>
    JsonSerializerOptions? OwnJson { get; }

    /// <summary>It overrides what it is told of ends by.</summary>
    bool WantsEnds { get; }

    /// <summary>Refuses a state's type that would not come back, and gives what tries its states.</summary>
    object Judge(string engineId, JsonSerializerOptions options);

    /// <summary>Goes on with what another instance of the same engine has tried.</summary>
    void Share(JsonSerializerOptions options, object trial);
}
