using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Roost.Execution;
using Roost.Stores;
using Roost.Testing.Verifying;

namespace Roost.Testing;

/// <summary>One step, run by the loop's own runner under a lease that stands in no file; what a step reads beside its state is put into one before.</summary>
internal static class StepTrial
{
    private const string DefaultId = "item";

    public static Task<StepResult> RunAsync(IEngine engine, object? state, StepSetup setup)
    {
        ArgumentNullException.ThrowIfNull(engine);
        if (setup.Attempt < 1) throw new InvalidInputException(nameof(setup.Attempt), $"is {setup.Attempt}; it must be 1 or more.");
        if (setup.Version < 0) throw new InvalidInputException(nameof(setup.Version), $"is {setup.Version}; it must be 1 or more.");
        return Task.Run(() => RunHereAsync(engine, state, setup)); // Never on a test framework's synchronisation context.
    }

    public static TState? Read<TState>(IEngine engine, Snapshot snapshot) =>
        (engine as ITypedEngine)?.OwnJson is { } own
            ? JsonSerializer.Deserialize(snapshot.Utf8.Span, (JsonTypeInfo<TState>)own.GetTypeInfo(typeof(TState)))
            : snapshot.DataAs<TState>();

    private static async Task<StepResult> RunHereAsync(IEngine engine, object? state, StepSetup setup)
    {
        await using RoostTest test = RoostTest.Create(setup.Seed, setup.Options, setup.Now);
        RoostRuntime runtime = test.Runtime;
        var entry = EngineEntry.For(engine, runtime.Options.Json);
        WorkItem item = setup.Item ?? new WorkItem(entry.Facts.EngineId);
        if (item.Engine != entry.Facts.EngineId)
            throw new InvalidInputException(nameof(setup.Item), $"is for engine \"{item.Engine}\", and this is \"{entry.Facts.EngineId}\".");
        if (!item.IsIdGiven) item = item with { Id = DefaultId };
        await StepWorld.BuildAsync(test, item, setup).ConfigureAwait(false);
        StoreLoop worker = await runtime.Store.JoinAsync([entry.Facts], CancellationToken.None);
        try
        {
            LeasedWork lease = LeaseOf(runtime, entry, item, state, setup, worker.WorkerKey);
            var effects = new TrialEffects();
            var output = lease.Output = new StepOutput(lease, runtime.Options.MaxStreamBytes); // Nobody writes it.
            using var step = new ActiveStep(lease) { Effects = effects };
            if (setup.Cancelled != CancellationReason.None) step.Cancel(setup.Cancelled);
            var key = new StepContext(runtime, step).IdempotencyKey;
            StepEnd end = await new StepRunner(runtime, runtime.Log).RunAsync(step, entry);
            (IReadOnlyDictionary<string, string> streams, WorkProgress? progress) = output.Unwritten;
            return ResultOf(end, key) with
            {
                Effects = [.. effects.Writes.Where(each => each.Result is not null).Select(Added)],
                Streams = streams,
                Progress = progress,
            };
        }
        finally
        {
            await worker.LeaveAsync();
        }
    }

    private static LeasedWork LeaseOf(RoostRuntime runtime, EngineEntry engine, WorkItem item, object? state, StepSetup setup, long worker)
    {
        RoostOptions options = runtime.Options;
        NewWork work = WorkItemCheck.Check(item, options, setup.Now);
        WorkItem leased = work.Item with { Id = work.Id, Given = new StoredJson(work.Payload), MaxJsonBytes = options.MaxJsonBytes };
        int stateVersion = setup.Version == 0 ? 0 : engine.Facts.StateVersion;
        return new LeasedWork(FactsOf(new(1, item.Engine, item.Queue, stateVersion), setup, worker))
        {
            Item = leased,
            Snapshot = setup.Version == 0 ? null : SnapshotOf(leased, engine, state, setup, options),
            SnapshotHash = null,
            Wake = setup.Wake?.Invoke(setup with { Options = options }),
            SignalsSeen = long.MaxValue,
            LastVersion = null,
            CreatedAt = setup.Now,
            FileId = options.Randomness.NextFileId().ToString("N"),
            Nonce = options.Randomness.NextNonce() ?? 1,
            Branch = 0,
            Depth = 0,
        };
    }

    private static LeaseFacts FactsOf(Lane lane, StepSetup setup, long worker) => new()
    {
        WorkKey = 1,
        WorkerKey = worker,
        Slots = null!, // Only a commit counts slots.
        Lane = lane,
        Token = 1,
        Version = setup.Version,
        Failures = setup.Attempt - 1,
        Interruptions = setup.Interruptions,
        RetryAfters = setup.RetryAfters,
        Unchanged = 0,
        Solo = false,
        ResourceCount = 0,
        Deadline = null,
        CancelRequested = false,
        HasMail = setup.Signals.Count > 0,
        IsTried = false,
        SlotTaken = default,
    };

    private static Snapshot SnapshotOf(WorkItem item, EngineEntry engine, object? state, StepSetup setup, RoostOptions options) => new()
    {
        WorkId = item.Id,
        Engine = item.Engine,
        Version = setup.Version,
        Step = setup.Step,
        StateVersion = engine.Facts.StateVersion,
        Utf8 = StateJson.Of(item.Id, state, engine.Json ?? options.Json, options.MaxJsonBytes),
        CreatedAt = setup.Now,
        UpdatedAt = setup.Now,
        Json = options.Json,
        MaxJsonBytes = options.MaxJsonBytes,
    };

    private static StepResult ResultOf(StepEnd end, string key)
    {
        if (end.Exception is { } thrown) ExceptionDispatchInfo.Throw(thrown);
        if (end.Failure is { } failure) throw new InvalidOperationException($"The step has failed: {failure.Message}");
        if (end.Later is { } later)
            return Added(new() { Kind = OutcomeKind.RetryAfter, IdempotencyKey = key, Artifacts = [], Events = [], Children = [], Signals = [] }, null) with
            {
                After = TimeSpan.FromMilliseconds(later.DelayMs),
                Reason = later.Why,
            };
        if (end.Commit is not { } commit) throw new OperationCanceledException("The step has stopped because it was told to.");
        return Added(new() { Kind = commit.Kind, IdempotencyKey = key, Artifacts = [], Events = [], Children = [], Signals = [] }, commit.Staged) with
        {
            After = TimeSpan.FromMilliseconds(commit.DelayMs),
            Step = commit.Next?.Step,
            Reason = commit.Reason,
            Snapshot = commit.Next,
            Wait = commit.Wait is { } wait ? WaitOf(wait) : null,
        };
    }

    private static AddedEffect Added(EffectRecord record) => new(
        record.Place.Path, record.Place.Key, record.Arguments is { } arguments ? JsonText.Parse(arguments) : null, JsonText.Parse(record.Result!));

    private static StepResult Added(StepResult result, Staged? staged) => staged is null ? result : result with
    {
        Artifacts = staged.Artifacts.ConvertAll(artifact => new AddedArtifact
        {
            Name = artifact.Name,
            Kind = artifact.Kind,
            MediaType = artifact.MediaType,
            Content = artifact.Content,
            Sha256 = artifact.Sha256 is { } hash ? Convert.ToHexStringLower(hash) : null,
            Uri = artifact.Uri,
        }),
        Events = staged.Events.ConvertAll(one =>
            new AddedEvent(one.Kind["engine.".Length..], one.Data is { } data ? JsonText.Parse(data) : null)),
        Children = staged.Children.ConvertAll(child => child.Item with { Id = child.Id, Given = new StoredJson(child.Payload) }),
        Signals = staged.Signals.ConvertAll(one => new AddedSignal(one.WorkId, one.Signal.Name, JsonText.Parse(one.Signal.Payload))),
        SignalsTaken = staged.Taken.Count,
    };

    private static Wait WaitOf(WaitFor wait) => new()
    {
        Signals = wait.Signals,
        Ask = wait.Ask is { } ask ? new Ask(ask.Question) { Schema = JsonText.Parse(ask.Schema), For = ask.For, Artifacts = ask.Artifacts } : null,
        Children = wait.Children,
        Timeout = wait.TimeoutMs is { } timeout ? TimeSpan.FromMilliseconds(timeout) : null,
        Until = StoredTime.Read(wait.Until),
    };
}
