namespace Roost.Stores;

/// <summary>What can be read of a store. All that one read tells is of one moment; none holds up a write.</summary>
internal abstract class StoreReads
{
    /// <summary>Null where there is no such item.</summary>
    public abstract Task<WorkSummary?> FindAsync(string workId, CancellationToken cancellationToken);

    /// <summary>The version of the state that an item has; 0 before its first.</summary>
    public abstract Task<int> StateVersionAsync(string workId, CancellationToken cancellationToken);

    /// <summary>Null where there is no such item.</summary>
    public abstract Task<WorkDetail?> DetailAsync(string workId, CancellationToken cancellationToken);

    /// <summary>An item and what is below it; null where there is no such item.</summary>
    public abstract Task<WorkTree?> TreeAsync(string workId, TreeBounds bounds, string? cursor, CancellationToken cancellationToken);

    /// <summary>Goes on with a walk; null where its item is not there. At most some ten thousand items are looked at.</summary>
    public abstract Task<WalkState?> WalkAsync(TreeWalk walk, CancellationToken cancellationToken);

    public abstract Task<IReadOnlyList<string>> FindIdsAsync(string part, int limit, CancellationToken cancellationToken);

    public abstract Task<Page<WorkSummary>> ListAsync(Selection selection, int limit, string? cursor, CancellationToken cancellationToken);

    public abstract Task<IReadOnlyList<SnapshotVersion>> HistoryAsync(string workId, CancellationToken cancellationToken);

    /// <summary>A version of an item's state, by default the last.</summary>
    public abstract Task<Snapshot> SnapshotAsync(string workId, int? version, CancellationToken cancellationToken);

    /// <summary>Children of an item behind a place in their order, and the place behind the last of these; null at the end.</summary>
    public abstract Task<(IReadOnlyList<StoredChild> Children, long? Next)> ChildrenAsync(
        ChildSelection selection, long after, int limit, CancellationToken cancellationToken);

    public abstract Task<WorkCounts> CountsAsync(CancellationToken cancellationToken);

    /// <summary>The same at once.</summary>
    public abstract WorkCounts Counts();

    public abstract Task<IReadOnlyList<Lease>> LeasesAsync(CancellationToken cancellationToken);

    public abstract Task<Page<ResourceInfo>> ResourcesAsync(int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>What is paused, the longest paused first.</summary>
    public abstract Task<Page<PauseInfo>> PausesAsync(PauseScope? scope, int limit, string? cursor, CancellationToken cancellationToken);

    public abstract Task<IReadOnlyList<WorkerInfo>> WorkersAsync(CancellationToken cancellationToken);

    public abstract Task<IReadOnlyList<EngineInfo>> EnginesAsync(CancellationToken cancellationToken);

    public abstract Task<StepStatistics> StepStatisticsAsync(StatisticsSpan over, CancellationToken cancellationToken);

    public abstract Task<Page<DeadLetter>> DeadLettersAsync(Selection selection, int limit, string? cursor, CancellationToken cancellationToken);

    public abstract Task<DeadLetterGroupList> DeadLetterGroupsAsync(int limit, CancellationToken cancellationToken);

    public abstract Task<DeadLetter> DeadLetterAsync(string workId, CancellationToken cancellationToken);

    /// <summary>
    /// The places of all dead letters that a selection means, the last failed first: 16 bytes for each, and no read that stays open over all of them.
    /// </summary>
    public abstract Task<List<Position>> FindDeadLettersAsync(Selection selection, CancellationToken cancellationToken);

    /// <summary>The same scope, up to what has ended by now.</summary>
    public abstract Task<PurgeScope> WithWhatHasEndedAsync(PurgeScope scope, CancellationToken cancellationToken);

    /// <summary>How many items a purge would remove, and how many it would leave for their parents.</summary>
    public abstract Task<PurgeResult> CountPurgedAsync(PurgeScope scope, CancellationToken cancellationToken);

    /// <summary>Events in their order; of an item, or of all.</summary>
    public abstract Task<EventStretch> EventsAsync(string? workId, long? after, int limit, CancellationToken cancellationToken);

    public abstract Task<EventStretch> EventsAsync(EventSelection selection, long? after, int limit, CancellationToken cancellationToken);

    public abstract Task<EventPage> EventListAsync(EventSelection selection, long? after, int limit, CancellationToken cancellationToken);

    public abstract Task<EventPage> LastEventsAsync(EventSelection selection, long before, int limit, CancellationToken cancellationToken);

    public abstract Task<long> LastSequenceAsync(CancellationToken cancellationToken);

    public abstract Task<IReadOnlyList<Artifact>> ArtifactsAsync(string workId, CancellationToken cancellationToken);

    public abstract Task<Page<Artifact>> ListArtifactsAsync(ArtifactFilter filter, int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>Opens an artifact; each part of it is verified before a byte is given out.</summary>
    public abstract Task<Stream> OpenArtifactAsync(string workId, string name, int? version, CancellationToken cancellationToken);

    /// <summary>The signals in an item's mailbox, in the order in which they came.</summary>
    public abstract Task<Page<Signal>> SignalsAsync(string workId, int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>Those of a name, or all, that came up to one of them, without some; for the step that takes them.</summary>
    public abstract IReadOnlyList<Signal> Signals(string workId, string? name, long upTo, IReadOnlyCollection<long> without, int limit);

    /// <summary>What tries of a step have recorded, for the next.</summary>
    public abstract Task<IReadOnlyList<StoredEffect>> EffectsOfStepAsync(long workKey, int version);

    /// <summary>The effects of an item's steps, the first first.</summary>
    public abstract Task<Page<EffectInfo>> EffectsAsync(string workId, int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>The streams of an item, in the order in which they were first written.</summary>
    public abstract Task<Page<StreamInfo>> StreamsAsync(string workId, int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>A stream's text from an offset on, as much as one page holds; nothing where there is no such stream yet.</summary>
    public abstract Task<StreamPage> StreamAsync(string workId, string name, long from, CancellationToken cancellationToken);

    public abstract Task<AskInfo> AskAsync(string askId, CancellationToken cancellationToken);

    /// <summary>Open questions, the longest open first; of an item all that there were, the last first.</summary>
    public abstract Task<Page<AskInfo>> AsksAsync(AskFilter filter, int limit, string? cursor, CancellationToken cancellationToken);

    public abstract Task<IReadOnlyList<string>> FindAskIdsAsync(string part, int limit, CancellationToken cancellationToken);

    /// <summary>The item that has an idempotency key; null where none has.</summary>
    public abstract string? IdOfKey(string engine, string key);
}
