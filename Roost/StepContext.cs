using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Roost.Execution;
using Roost.Stores;

namespace Roost;

/// <summary>
/// What a step knows beside its snapshot, and what it may add to its outcome. Artifacts, events and child work are staged: they land in the
/// transaction that commits the step, or not at all. Use it within the step, not after it: a step that has ended takes nothing more. What is asynchronous here
/// takes no token: it ends with the step's own (<see cref="CancellationToken"/>).
/// </summary>
public sealed partial class StepContext
{
    private readonly RoostRuntime runtime;
    private readonly ActiveStep step;
    private readonly LeasedWork lease;
    private readonly Lock gate = new();
    private string? idempotencyKey;
    private Staged? staged;
    private bool ended;
    private int interrupted;

    /// <summary>The typed engine that has had the snapshot; where that is not who was asked, somebody else has had it as well.</summary>
    internal object? SteppedBy { get; set; }

    internal StepContext(RoostRuntime runtime, ActiveStep step)
    {
        this.runtime = runtime;
        this.step = step;
        lease = step.Lease;
        CancellationToken = step.Token;
        Version = lease.Version;
    }

    /// <summary>The work item.</summary>
    public WorkItem Item => lease.Item;

    /// <summary>The version of the snapshot that this step was given.</summary>
    public int Version { get; }

    /// <summary>Which try of this step it is, from 1. Tries that ended with the death of the process are not counted here.</summary>
    public int Attempt => lease.Failures + 1;

    /// <summary>How many times in a row this step has asked to be tried again (<see cref="Outcome.RetryAfter"/>) without being charged.</summary>
    public int RetryAfters => lease.RetryAfters;

    /// <summary>How often the process has died during this step so far.</summary>
    public int Interruptions => lease.Interruptions + interrupted;

    /// <summary>
    /// Give it to the outside call that this step makes. The same for every try of one step; different for every other step and item, and
    /// for every other file. 32 hexadecimal digits.
    /// </summary>
    public string IdempotencyKey => idempotencyKey ??= DerivedKey.OfStep(lease);

    /// <summary>
    /// What has woken the item, where this step is the first after a wait (<see cref="Outcome.WaitFor(Snapshot, Wait)"/>), the same in each of its tries;
    /// else null. A signal in it is taken by this step's commit.
    /// </summary>
    public Wake? Wake => lease.Wake;

    /// <summary>The time, by the runtime's clock.</summary>
    public DateTimeOffset Now => runtime.Now;

    /// <summary>Fires when the step should stop; <see cref="CancellationReason"/> says why.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>Why <see cref="CancellationToken"/> has fired.</summary>
    public CancellationReason CancellationReason => step.Reason;

    /// <summary>
    /// Fires when the loop begins to stop, <see cref="RoostOptions.DrainTime"/> before <see cref="CancellationToken"/> does so. A long step can save
    /// how far it is and continue: what it returns within that time is kept, and the next step goes on from there when a loop runs again. One that
    /// throws <see cref="OperationCanceledException"/> instead is charged nothing, and runs again from its snapshot.
    /// </summary>
    public CancellationToken Stopping => step.Stopping;

    /// <summary>The item's private folder; nothing is created before <see cref="Roost.Workspace.EnsureAsync"/>.</summary>
    public Workspace Workspace => runtime.GetWorkspace(Item.Id);

    /// <summary>For what this step may not add: it would be refused in every try.</summary>
    private FinalFor Final => new(Item.Id);

    /// <summary>What its engine has said of the exception that it has thrown.</summary>
    internal RetryDecision Decision { get; set; }

    /// <summary>What it has staged so far.</summary>
    internal Staged? Staged => staged;

    /// <summary>
    /// The same step once more, with nothing staged, for a try whose outcome is compared and dropped.
    /// </summary>
    /// <param name="interruptions">How often the process has died during this step beyond what the file says.</param>
    /// <param name="key">Another idempotency key. Default: the same.</param>
    /// <param name="effects">Where its effects are recorded. Default: as of this one.</param>
    internal StepContext Again(int interruptions = 0, string? key = null, EffectLog? effects = null) =>
        new(runtime, step) { interrupted = interruptions, idempotencyKey = key, EffectLog = effects, IsDropped = true };

    /// <summary>Ends the step: what it has staged, to which nothing more is added.</summary>
    internal Staged? End()
    {
        lock (gate)
        {
            ended = true;
            effects?.Calls.End();
            output?.End();
            return staged;
        }
    }

    /// <summary>Ends a step that has returned. While an effect or an artifact of it is still on the way it would be saved without that.</summary>
    /// <exception cref="InvalidInputException">One is.</exception>
    internal Staged? EndReturned()
    {
        lock (gate)
        {
            Staged? all = End();
            effects?.Calls.EndReturned();
            if (Over is not null) return all;
            effects?.Calls.ThrowIfUnfinished();
            ThrowIfStreaming();
            return all;
        }
    }

    /// <summary>Adds an event without data to the item's history, stored with the prefix <c>engine.</c></summary>
    /// <param name="kind">1 to 100 characters.</param>
    public void AddEvent(string kind) => AddAny(kind, null);

    /// <summary>Adds an event to the item's history, stored with the prefix <c>engine.</c></summary>
    /// <param name="kind">1 to 100 characters.</param>
    /// <param name="data">Anything that serializes to JSON by <see cref="RoostOptions.Json"/>, or nothing.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public void AddEvent(string kind, object? data) => AddAny(kind, data);

    /// <summary>Adds an event to the item's history, its data written by source-generated metadata.</summary>
    /// <param name="kind">1 to 100 characters; stored with the prefix <c>engine.</c></param>
    /// <param name="data">The data.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.Progress</c>.</param>
    public void AddEvent<T>(string kind, T data, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        AddAny(kind, data is null ? null : new TypedJson(data, type));
    }

    private void AddAny(string kind, object? data)
    {
        byte[]? json = Checked(() =>
        {
            Names.Check("kind", kind);
            if (kind.Length > 100) throw new InvalidInputException("kind", $"is {kind.Length} characters long; the limit is 100.");
            return data is null ? null : JsonText.Serialize("data", data, runtime.Options.Json, runtime.Options.MaxJsonBytes, objectOnly: false);
        });
        lock (gate)
        {
            Open().Events.Add(("engine." + kind, json));
            Open().AddBytes(json?.Length ?? 0);
        }
    }

    /// <summary>What is refused here would be refused in every try.</summary>
    private T Checked<T>(Func<T> check)
    {
        try
        {
            return check();
        }
        catch (InvalidInputException e)
        {
            e.Final = Final;
            throw;
        }
    }

    private Staged Open()
    {
        if (ended)
            throw new ConflictException(
                $"This step of work item {Item.Id} (from version {Version}) has ended; nothing can be added to it. Await everything that the step starts " +
                $"before it returns."
            );
        effects?.Calls.ThrowIfOver();
        return staged ??= new();
    }
}
