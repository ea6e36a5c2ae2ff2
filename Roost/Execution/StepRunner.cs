using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>
/// How a step ended: with an outcome to commit, with a failure, or wanting to be tried again; with none of them where its lease is to be given back
/// uncharged.
/// </summary>
internal readonly record struct StepEnd(StepCommit? Commit, Failure? Failure, bool IsFinal, Staged? Staged, Exception? Exception = null)
{
    /// <summary>When it is to be tried again, uncharged.</summary>
    public RetryLater? Later { get; init; }

    /// <summary>What a person is asked before it is tried again, uncharged.</summary>
    public EffectAsk? Ask { get; init; }

    /// <summary>How long the try after one that failed waits, in milliseconds; null for the backoff.</summary>
    public long? WaitMs { get; init; }
}

/// <summary>Runs one step of the user's engine: within its time, and with whatever it throws turned into a failure.</summary>
internal sealed class StepRunner(RoostRuntime runtime, ILogger log)
{
    private readonly RoostOptions options = runtime.Options;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<StepEnd> RunAsync(ActiveStep step, EngineEntry engine)
    {
        var context = new StepContext(runtime, step);
        DeadlineTimer? deadline = step.Lease.Deadline is { } moment ? new(step, StoredTime.Read(moment), runtime.Store.Clock, options.TimeProvider) : null;
        long since = options.TimeProvider.GetTimestamp();
        try
        {
            if (step.Lease.CancelRequested) step.Cancel(CancellationReason.Cancelled);
            TimeSpan? timeout = step.Lease.Item.Timeout ?? engine.Facts.StepTimeout ?? options.StepTimeout;
            Outcome outcome = timeout is { } limit
                ? await CallWithinAsync(limit, step, engine, context).ConfigureAwait(false)
                : await CallAsync(step, engine, context).ConfigureAwait(false);
            Staged? staged = context.EndReturned();
            if (context.Over is { } over) return Over(step, over, staged);
            if (outcome is { Kind: OutcomeKind.RetryAfter }) return Again(step.Lease, engine.Facts, outcome, staged);
            StepCommit commit = Accepted(step.Lease, engine.Facts, outcome, staged);
            return new(context.HasEffects ? commit with { HasEffects = true } : commit, null, false, staged);
        }
        catch (Exception e)
        {
            Staged? staged = context.End();
            if (e is AbandonedException) return Failed(step, e, staged, RetryDecision.Default);
            return context.Over is { } over ? Over(step, over, staged) : Failed(step, e, staged, context.Decision);
        }
        finally
        {
            step.Lease.RunMicroseconds = (long)options.TimeProvider.GetElapsedTime(since).TotalMicroseconds;
            // Waits for a callback under way, which must not hit the next step of a kept lease.
            if (deadline is not null) await deadline.DisposeAsync().ConfigureAwait(false);
        }
    }

    private ValueTask<Outcome> CallAsync(ActiveStep step, EngineEntry entry, StepContext context) =>
        entry.Shared is { } engine ? CallAsync(step, engine, entry, context) : CallInScopeAsync(step, entry, context);

    /// <summary>With an engine of its own, whose scope ends with the call. What disposing throws changes nothing of what the step has done.</summary>
    private async ValueTask<Outcome> CallInScopeAsync(ActiveStep step, EngineEntry entry, StepContext context)
    {
        EngineScope scope = entry.OpenScope();
        try
        {
            return await CallAsync(step, scope.Engine, entry, context).ConfigureAwait(false);
        }
        finally
        {
            try
            {
                await scope.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                log.ScopeNotDisposed(e, step.Lease.Item.Id);
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Outcome> CallAsync(ActiveStep step, IEngine engine, EngineEntry entry, StepContext context)
    {
        LeasedWork lease = step.Lease;
        try
        {
            VerifyPayload(lease);
            VerifyWake(lease);
            if (lease.Version == 0)
            {
                Task<Snapshot>? init = engine.InitSnapshotAsync(lease.Item, context);
                return Outcome.Continue(init is null ? null! : await init.ConfigureAwait(false));
            }
            Task<Outcome>? call = engine.StepAsync(Current(lease, engine, entry.Facts), lease.Item, context);
            Outcome outcome = call is null ? null! : await call.ConfigureAwait(false);
            lease.IsStateSeen |= !ReferenceEquals(context.SteppedBy, engine);
            return outcome;
        }
        catch (Exception e) when (context.Over is null && !IsUncharged(step, e) && FinalFor.Of(e, lease.Item.Id) is null)
        {
            context.Decision = await DecideAsync(engine, e, lease).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The snapshot that the step starts from, in the shape that the engine knows.</summary>
    private static Snapshot Current(LeasedWork lease, IEngine engine, EngineFacts facts)
    {
        Snapshot snapshot = Verified(lease);
        if (snapshot.StateVersion >= facts.StateVersion) return snapshot;
        return engine.Migrate(snapshot)
            ?? throw new InvalidInputException(
                "Migrate",
                $"engine \"{facts.EngineId}\" returned null for version {snapshot.Version} of work item {lease.Item.Id}; return a snapshot made " +
                $"by Snapshot.Migrated."
            )
            {
                Final = new(lease.Item.Id),
            };
    }

    /// <summary>What the engine says of an exception of its own: on the thread pool, wherever its step has ended.</summary>
    private async Task<RetryDecision> DecideAsync(IEngine engine, Exception error, LeasedWork lease)
    {
        try
        {
            return await Task.Run(() => engine.Retry(error, lease.Failures + 1)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            log.RetryUndecided(CauseChain.ForLog(e), lease.Lane.Engine, lease.Item.Id);
            return RetryDecision.Default;
        }
    }

    /// <summary>Lets the token fire at the timeout and abandons the call at the end of the grace period, wherever it hangs.</summary>
    private async Task<Outcome> CallWithinAsync(TimeSpan limit, ActiveStep step, EngineEntry engine, StepContext context)
    {
        TimeProvider time = options.TimeProvider;
        // Before the call, so that its time is counted from there however late this thread goes on.
        ITimer timer = time.CreateTimer(static state => ((ActiveStep)state!).Cancel(CancellationReason.TimedOut), step, limit, Timeout.InfiniteTimeSpan);
        Task<Outcome> call = Task.Run(() => CallAsync(step, engine, context).AsTask());
        try
        {
            return await call.WaitAsync(limit + options.StepTimeoutGrace, time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!call.IsCompleted)
        {
            _ = call.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw new AbandonedException(
                $"The step took longer than {limit} and did not stop within the grace period of {options.StepTimeoutGrace}; it was abandoned. Its code " +
                $"may still be running, so its resources are no longer exclusive."
            );
        }
        finally
        {
            await timer.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static void VerifyPayload(LeasedWork lease)
    {
        if (lease.PayloadHash is { } hash && !Damage.IsWhole(lease.Item.PayloadUtf8(int.MaxValue), hash))
            throw new ItemEndedException(lease.Item.Id, FailReasons.CorruptPayload, Damage.OfPayload(lease.Item.Id));
    }

    private static void VerifyWake(LeasedWork lease)
    {
        if (lease.Wake?.Signal is { IsWhole: false } signal)
            throw new ItemEndedException(lease.Item.Id, FailReasons.CorruptSignal, Damage.OfSignal(signal));
        if (lease.Wake?.Answer is { IsWhole: false })
            throw new ItemEndedException(lease.Item.Id, FailReasons.CorruptSignal, Damage.OfAnswer(lease.Item.Id));
    }

    private static Snapshot Verified(LeasedWork lease)
    {
        if (lease.Snapshot is not { } snapshot)
            throw new ItemEndedException(
                lease.Item.Id,
                FailReasons.CorruptSnapshot,
                lease.SnapshotFault ?? Damage.OfMissing(lease.Item.Id, lease.Version)
            );
        if (lease.SnapshotHash is { } hash && !Damage.IsWhole(snapshot.Utf8.Span, hash))
            throw new ItemEndedException(
                lease.Item.Id,
                FailReasons.CorruptSnapshot,
                $"Version {lease.Version} of work item {lease.Item.Id} does not match its SHA-256: the file is damaged. {Damage.Advice}"
            );
        return snapshot;
    }

    /// <summary>The outcome as it is committed. What is refused of it would be refused in every try.</summary>
    private StepCommit Accepted(LeasedWork lease, EngineFacts engine, Outcome? outcome, Staged? staged)
    {
        try
        {
            return Accept(lease, engine, outcome, staged);
        }
        catch (InvalidInputException e)
        {
            e.Final = new(lease.Item.Id);
            throw;
        }
    }

    /// <summary>The step wants to be tried again: uncharged, where it has not done so too often.</summary>
    private StepEnd Again(LeasedWork lease, EngineFacts engine, Outcome outcome, Staged? staged)
    {
        RetryLater later = AcceptRetry(lease, engine, outcome);
        if (lease.RetryAfters < options.MaxRetryAfters) return new(null, null, false, staged) { Later = later };
        int attempt = lease.Failures + 1;
        bool last = attempt >= (lease.Item.MaxAttempts ?? options.MaxAttempts);
        string reason = last ? FailReasons.MaxAttempts : FailReasons.RetryAfter;
        string message = string.Create(CultureInfo.InvariantCulture,
            $"It had asked to be tried again {lease.RetryAfters:N0} times in a row, as often as is not charged (RoostOptions.MaxRetryAfters): {later.Why}");
        var failure = new Failure(reason, null, message, null, attempt) { Group = FailureShape.KeyOf(lease.Lane.Engine, reason, null, message) };
        return new(null, failure, last, staged) { WaitMs = later.DelayMs };
    }

    private static RetryLater AcceptRetry(LeasedWork lease, EngineFacts engine, Outcome outcome)
    {
        try
        {
            if (string.IsNullOrWhiteSpace(outcome.Reason))
                throw new InvalidInputException(
                    "why",
                    $"is empty (engine \"{engine.EngineId}\", work item {lease.Item.Id}, version {lease.Version}); say why the step is to be tried again."
                );
            return new(WorkItemCheck.Milliseconds("delay", outcome.After), FailureText.Cut(outcome.Reason, RetryLater.MostWhy)!);
        }
        catch (InvalidInputException e)
        {
            e.Final = new(lease.Item.Id);
            throw;
        }
    }

    /// <summary>Refuses an outcome that is none of this item's, before anything is written.</summary>
    private StepCommit Accept(LeasedWork lease, EngineFacts engine, Outcome? outcome, Staged? staged)
    {
        string where = $"engine \"{engine.EngineId}\", work item {lease.Item.Id}, version {lease.Version}";
        if (outcome is null)
            throw new InvalidInputException("StepAsync", $"is null ({where}); return Continue, WaitFor, Done, Fail or RetryAfter.");
        if (outcome is StateOutcome)
            throw new InvalidInputException(
                "StepAsync",
                $"holds a state ({where}); an engine on raw snapshots returns one with the next snapshot: Outcome.Continue(snapshot.Next(...))."
            );
        Snapshot? next = outcome.Next;
        if (next is null && outcome.Kind != OutcomeKind.Fail)
            throw new InvalidInputException("next", $"is null ({where}); return the next snapshot.");
        if (outcome.Kind == OutcomeKind.Fail && string.IsNullOrWhiteSpace(outcome.Reason))
            throw new InvalidInputException("reason", $"is empty ({where}); say why the work has failed.");
        if (next is not null)
        {
            if (next.WorkId != lease.Item.Id)
                throw new InvalidInputException(
                    "next",
                    $"belongs to work item {next.WorkId} ({where}); return one made by Snapshot.Next or Snapshot.First of this item."
                );
            if (next.Version != lease.Version + 1)
                throw new InvalidInputException(
                    "next",
                    $"has version {next.Version} where {lease.Version + 1} is expected ({where}); make it by Snapshot.Next."
                );
            Names.Check("step", next.Step);
            JsonText.CheckSize("state", next.Utf8.Length, options.MaxJsonBytes);
        }
        WaitFor? wait = outcome.Kind == OutcomeKind.Wait ? WaitCheck.Check(outcome.Wait, where, options) : null;
        long delay = WorkItemCheck.Milliseconds("after", outcome.After);
        int unchanged = Unchanged(lease, engine, outcome, staged);
        if (options.MaxStepsWithoutProgress > 0 && unchanged >= options.MaxStepsWithoutProgress) throw NoProgress(lease, next!, unchanged);
        byte[] hash = next is null ? [] : SHA256.HashData(next.Utf8.Span);
        string? reason = outcome.Reason is null ? null : FailureText.Message(outcome.Reason);
        next = next?.Accepted(engine.StateVersion, lease.CreatedAt, TimeSpan.FromMilliseconds(delay));
        return new(lease, outcome.Kind, reason, delay, next, hash, engine.StateVersion, staged)
        {
            Unchanged = unchanged,
            Wait = wait,
            Group = outcome.Kind == OutcomeKind.Fail ? FailureShape.KeyOf(lease.Lane.Engine, FailReasons.EngineFailed, null, reason!) : 0,
        };
    }

    /// <summary>
    /// How many times in a row the item's state stayed what it was, with this outcome; 0 where it has something to show or somebody to wait for.
    /// </summary>
    private static int Unchanged(LeasedWork lease, EngineFacts engine, Outcome outcome, Staged? staged) =>
        outcome is { Kind: OutcomeKind.Continue, Next: { } next }
        && outcome.After == TimeSpan.Zero
        && staged is null or { IsEmpty: true }
        && lease.Snapshot is { } before
        && engine.StateVersion == before.StateVersion
        && next.Step == before.Step
        && next.Utf8.Span.SequenceEqual(before.Utf8.Span)
            ? lease.Unchanged + 1
            : 0;

    private static ItemEndedException NoProgress(LeasedWork lease, Snapshot next, int times) => new(
        lease.Item.Id, FailReasons.NoProgress, string.Create(CultureInfo.InvariantCulture,
        $"{times:N0} steps in a row left the state as it was (step \"{next.Step}\", since version {next.Version - times}), and added no event, artifact " +
        $"or child and asked for no delay: work item {lease.Item.Id} would step for ever. Let the step change its state, return Done, or continue with a " +
        $"delay (after:); RoostOptions.MaxStepsWithoutProgress sets the limit, and 0 lifts it."));

    /// <summary>The outcome could not be committed for what it says: a child with an id that exists, an artifact whose content is gone.</summary>
    public StepEnd Refused(ActiveStep step, Exception e, Staged? staged) => Failed(step, e, staged, RetryDecision.Default);

    /// <summary>A step that ends because the loop stops is charged nothing, whether it was made to or did so at the earlier notice.</summary>
    private static bool IsUncharged(ActiveStep step, Exception e) =>
        step.Reason is CancellationReason.ShuttingDown or CancellationReason.LeaseLost || (e is OperationCanceledException && step.IsOnlyStopping);

    /// <summary>It was over before its code has ended, whatever that has returned or thrown.</summary>
    private StepEnd Over(ActiveStep step, StepOverException over, Staged? staged) =>
        over.Ask is { } ask ? new(null, null, false, staged) { Ask = ask }
        : over.IsUncharged ? new(null, null, false, staged, over)
        : Failed(step, over, staged, RetryDecision.Default);

    private StepEnd Failed(ActiveStep step, Exception e, Staged? staged, RetryDecision decision)
    {
        if (IsUncharged(step, e)) return new(null, null, false, staged);
        int attempt = step.Lease.Failures + 1;
        FinalFor? final = FinalFor.Of(e, step.Lease.Item.Id);
        bool last = final is not null || decision.IsNever || attempt >= (step.Lease.Item.MaxAttempts ?? options.MaxAttempts);
        string reason = final is not null ? final.Reason
            : decision.IsNever ? FailReasons.NotRetried
            : e is AbandonedException ? FailReasons.Abandoned
            : step.Reason == CancellationReason.TimedOut ? FailReasons.TimedOut
            : last ? FailReasons.MaxAttempts
            : FailReasons.Error;
        return new(null, CauseChain.Of(e).ToFailure(step.Lease.Lane.Engine, reason, attempt), last, staged, e)
        {
            WaitMs = (long?)decision.Delay?.TotalMilliseconds,
        };
    }
}

/// <summary>A step went on beyond timeout and grace.</summary>
internal sealed class AbandonedException(string message) : RoostException(message);

/// <summary>No further try can help: the snapshot that the step should start from, or the payload, is damaged; or the item does not get on.</summary>
internal sealed class ItemEndedException : RoostException
{
    public ItemEndedException(string workId, string reason, string message) : base(message) => Final = new(workId, reason);
}
