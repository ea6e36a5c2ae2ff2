using System.Text.Json;
using Roost.Stores;

namespace Roost.Testing;

/// <summary>An engine around another, which the runtime takes for that one: it answers as that does to everything but steps.</summary>
internal abstract class WrappedEngine(IEngine inner) : IEngine, ITypedEngine
{
    private readonly EngineFacts facts = EngineFacts.Of(inner);

    protected IEngine Inner => inner;

    public string EngineId => facts.EngineId;

    public int StateVersion => facts.StateVersion;

    public int? MaxConcurrency => facts.MaxConcurrency;

    public TimeSpan? StepTimeout => facts.StepTimeout;

    public OnInterrupted OnInterrupted => facts.OnInterrupted;

    public bool WantsEnds => facts.WantsEnds;

    public JsonSerializerOptions? OwnJson => (inner as ITypedEngine)?.OwnJson;

    /// <summary>Nothing where it is an engine on raw snapshots, as the registry has it.</summary>
    public object Judge(string engineId, JsonSerializerOptions options) => (inner as ITypedEngine)?.Judge(engineId, options)!;

    public void Share(JsonSerializerOptions options, object trial) => (inner as ITypedEngine)?.Share(options, trial);

    public abstract Task<Snapshot> InitSnapshotAsync(WorkItem item, StepContext context);

    public abstract Task<Outcome> StepAsync(Snapshot snapshot, WorkItem item, StepContext context);

    public virtual RetryDecision Retry(Exception exception, int attempt) => inner.Retry(exception, attempt);

    public virtual Task OnEndedAsync(Snapshot? last, EndContext context) => inner.OnEndedAsync(last, context);

    public virtual Snapshot Migrate(Snapshot older) => inner.Migrate(older);
}
