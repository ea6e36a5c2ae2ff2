using Microsoft.Data.Sqlite;
using Roost.Sqlite.Queries;
using Roost.Stores;

namespace Roost.Sqlite;

/// <summary>Each read of the store, by the queries that answer it.</summary>
internal sealed class SqliteReads(string path, RoostOptions options, Reader reader, Clock clock) : StoreReads
{
    private readonly string folder = System.IO.Path.GetDirectoryName(path)!;

    public override Task<WorkSummary?> FindAsync(string workId, CancellationToken cancellationToken) =>
        reader.RunAsync(db => WorkQueries.Summary(db, workId, Now), cancellationToken);

    public override Task<int> StateVersionAsync(string workId, CancellationToken cancellationToken) =>
        reader.RunAsync(db => WorkQueries.StateVersion(db, workId), cancellationToken);

    public override Task<WorkDetail?> DetailAsync(string workId, CancellationToken cancellationToken) =>
        reader.RunAsync(db => DetailQueries.Read(db, workId, folder, options, clock.Now), cancellationToken);

    public override Task<WorkTree?> TreeAsync(string workId, TreeBounds bounds, string? cursor, CancellationToken cancellationToken) =>
        reader.RunAsync(db => TreeQueries.Read(db, workId, bounds, cursor, folder, options, clock.Now), cancellationToken);

    public override Task<WalkState?> WalkAsync(TreeWalk walk, CancellationToken cancellationToken) =>
        reader.RunAsync(db => TreeQueries.GoOn(db, walk, Now), cancellationToken);

    public override Task<IReadOnlyList<string>> FindIdsAsync(string part, int limit, CancellationToken cancellationToken) =>
        reader.RunAsync(db => WorkQueries.FindIds(db, part, limit), cancellationToken);

    public override Task<Page<WorkSummary>> ListAsync(Selection selection, int limit, string? cursor, CancellationToken cancellationToken)
    {
        long now = Now;
        if (ConditionOrder.Serves(selection))
        {
            var from = ConditionOrder.Place.Read(cursor);
            return reader.RunAsync(db => WorkQueries.List(db, selection, limit, from, now), cancellationToken);
        }
        var after = Position.Read(cursor);
        return reader.RunAsync(db => WorkQueries.List(db, selection, limit, after, now), cancellationToken);
    }

    public override Task<IReadOnlyList<SnapshotVersion>> HistoryAsync(string workId, CancellationToken cancellationToken) =>
        reader.RunAsync(db => SnapshotQueries.History(db, KeyOf(db, workId)), cancellationToken);

    public override Task<Snapshot> SnapshotAsync(string workId, int? version, CancellationToken cancellationToken) =>
        reader.RunAsync(
            db =>
            {
                WorkSummary item = SummaryOf(db, workId);
                return SnapshotQueries.Read(db, KeyOf(db, workId), item, version ?? item.Version, options)
                    ?? throw new NotFoundException(
                        $"Work item {workId} has no snapshot version {version ?? item.Version}; it is at version {item.Version}. ListHistoryAsync lists " +
                        $"those that are kept."
                    );
            },
            cancellationToken
        );

    public override Task<(IReadOnlyList<StoredChild> Children, long? Next)> ChildrenAsync(
        ChildSelection selection, long after, int limit, CancellationToken cancellationToken) =>
        reader.RunAsync(db => ChildQueries.Page(db, selection, KeyOf(db, selection.ParentId), after, limit, options), cancellationToken);

    public override Task<WorkCounts> CountsAsync(CancellationToken cancellationToken) => Task.Run(Counts, cancellationToken);

    public override WorkCounts Counts()
    {
        long now = Now;
        return reader.Run(db => EngineQueries.Counts(db, now));
    }

    public override Task<Page<PauseInfo>> PausesAsync(PauseScope? scope, int limit, string? cursor, CancellationToken cancellationToken)
    {
        (long after, long now) = (PauseQueries.ReadCursor(cursor), Now);
        return reader.RunAsync(db => PauseQueries.Page(db, scope, after, limit, now), cancellationToken);
    }

    public override Task<IReadOnlyList<Lease>> LeasesAsync(CancellationToken cancellationToken) => reader.RunAsync(WorkerQueries.Leases, cancellationToken);

    public override Task<Page<ResourceInfo>> ResourcesAsync(int limit, string? cursor, CancellationToken cancellationToken)
    {
        string after = cursor is null ? "" : Position.Read(ResourceQueries.Mark, cursor);
        return reader.RunAsync(db => ResourceQueries.Held(db, after, limit), cancellationToken);
    }

    public override Task<IReadOnlyList<WorkerInfo>> WorkersAsync(CancellationToken cancellationToken) =>
        reader.RunAsync(db => WorkerQueries.All(db, folder, Wall), cancellationToken);

    public override Task<IReadOnlyList<EngineInfo>> EnginesAsync(CancellationToken cancellationToken)
    {
        long now = Now;
        return reader.RunAsync(db => EngineQueries.Engines(db, WorkerQueries.All(db, folder, Wall), now), cancellationToken);
    }

    public override Task<StepStatistics> StepStatisticsAsync(StatisticsSpan over, CancellationToken cancellationToken)
    {
        long now = Now;
        return reader.RunAsync(db => StepTallyQueries.Read(db, over, now), cancellationToken);
    }

    public override Task<Page<DeadLetter>> DeadLettersAsync(Selection selection, int limit, string? cursor, CancellationToken cancellationToken)
    {
        var after = Position.Read(cursor);
        return reader.RunAsync(db => FailureQueries.DeadLetters(db, selection, limit, after), cancellationToken);
    }

    public override Task<DeadLetterGroupList> DeadLetterGroupsAsync(int limit, CancellationToken cancellationToken) =>
        reader.RunAsync(db => DeadLetterGroupQueries.Largest(db, limit), cancellationToken);

    public override Task<DeadLetter> DeadLetterAsync(string workId, CancellationToken cancellationToken) => reader.RunAsync(db =>
    {
        WorkSummary item = SummaryOf(db, workId);
        if (item.State != WorkState.Failed) throw SqliteStore.NoDeadLetter(workId, item.State);
        long key = KeyOf(db, workId);
        (Snapshot? snapshot, string? error) = SnapshotQueries.Last(db, key, item, options);
        (WorkFailure failure, string? group) = FailureQueries.WithGroup(db, key)!.Value;
        return new DeadLetter { Item = item, Failure = failure, Snapshot = snapshot, SnapshotError = error, Group = group };
    }, cancellationToken);

    public override async Task<List<Position>> FindDeadLettersAsync(Selection selection, CancellationToken cancellationToken)
    {
        var all = new List<Position>();
        for (string? cursor = Position.Start.Write(); cursor is not null;)
        {
            var after = Position.Read(cursor);
            (List<Position> found, cursor) = await reader
                .RunAsync(db => WorkQueries.Find(db, selection, int.MaxValue, after), cancellationToken)
                .ConfigureAwait(false);
            all.AddRange(found);
        }
        return all;
    }

    public override Task<PurgeScope> WithWhatHasEndedAsync(PurgeScope scope, CancellationToken cancellationToken) =>
        reader.RunAsync(db => PurgeQueries.WithWhatHasEnded(db, scope), cancellationToken);

    public override Task<PurgeResult> CountPurgedAsync(PurgeScope scope, CancellationToken cancellationToken) =>
        reader.RunAsync(db => PurgeQueries.Count(db, scope), cancellationToken);

    public override Task<EventStretch> EventsAsync(string? workId, long? after, int limit, CancellationToken cancellationToken) =>
        reader.RunAsync(db => EventQueries.Page(db, KeyOfAny(db, workId), after, limit), cancellationToken);

    public override Task<EventStretch> EventsAsync(EventSelection selection, long? after, int limit, CancellationToken cancellationToken) =>
        reader.RunAsync(db => EventQueries.Page(db, selection, KeyOfAny(db, selection.WorkId), after, limit), cancellationToken);

    public override Task<EventPage> EventListAsync(EventSelection selection, long? after, int limit, CancellationToken cancellationToken) =>
        reader.RunAsync(
            db =>
            {
                EventStretch page = EventQueries.Page(db, selection, KeyOfAny(db, selection.WorkId), after, limit);
                return EventQueries.ListOf(db, page.Events, page.IsCut ? page.UpTo : null);
            },
            cancellationToken
        );

    public override Task<EventPage> LastEventsAsync(EventSelection selection, long before, int limit, CancellationToken cancellationToken) =>
        reader.RunAsync(db => EventQueries.Last(db, selection, KeyOfAny(db, selection.WorkId), before, limit), cancellationToken);

    public override Task<long> LastSequenceAsync(CancellationToken cancellationToken) => reader.RunAsync(EventQueries.LastSequence, cancellationToken);

    public override Task<IReadOnlyList<Artifact>> ArtifactsAsync(string workId, CancellationToken cancellationToken) =>
        reader.RunAsync(db => ArtifactQueries.List(db, workId) ?? throw NotFound(workId), cancellationToken);

    public override Task<Page<Artifact>> ListArtifactsAsync(ArtifactFilter filter, int limit, string? cursor, CancellationToken cancellationToken)
    {
        long before = Position.ReadKey(ArtifactQueries.Mark, cursor);
        return reader.RunAsync(db => ArtifactQueries.Latest(db, filter, limit, before), cancellationToken);
    }

    public override async Task<Stream> OpenArtifactAsync(string workId, string name, int? version, CancellationToken cancellationToken)
    {
        ArtifactContent content = await reader.RunAsync(db => ArtifactQueries.Find(db, workId, name, version), cancellationToken).ConfigureAwait(false);
        if (content.Uri is { } uri)
            throw new ConflictException($"The bytes of {content.Label} are not in this file: it is at {uri}. Read it from there.");
        return new ArtifactStream(reader, content);
    }

    public override Task<Page<Signal>> SignalsAsync(string workId, int limit, string? cursor, CancellationToken cancellationToken)
    {
        long after = cursor is null ? 0 : SignalQueries.ReadCursor(cursor);
        return reader.RunAsync(db => SignalQueries.Page(db, KeyOf(db, workId), workId, after, limit, options.Json), cancellationToken);
    }

    public override IReadOnlyList<Signal> Signals(string workId, string? name, long upTo, IReadOnlyCollection<long> without, int limit) =>
        reader.Run(db => SignalQueries.Mail(db, KeyOf(db, workId), workId, name, upTo, without, limit, options.Json));

    public override Task<IReadOnlyList<StoredEffect>> EffectsOfStepAsync(long workKey, int version) =>
        reader.RunAsync(db => EffectQueries.OfStep(db, workKey, version));

    public override Task<Page<EffectInfo>> EffectsAsync(string workId, int limit, string? cursor, CancellationToken cancellationToken)
    {
        long after = cursor is null ? 0 : EffectQueries.ReadCursor(cursor);
        return reader.RunAsync(db => EffectQueries.Page(db, KeyOf(db, workId), workId, after, limit), cancellationToken);
    }

    public override Task<Page<StreamInfo>> StreamsAsync(string workId, int limit, string? cursor, CancellationToken cancellationToken)
    {
        long after = StreamQueries.ReadCursor(cursor);
        return reader.RunAsync(db => StreamQueries.Page(db, KeyOf(db, workId), after, limit), cancellationToken);
    }

    public override Task<StreamPage> StreamAsync(string workId, string name, long from, CancellationToken cancellationToken) =>
        reader.RunAsync(db => StreamQueries.Read(db, KeyOf(db, workId), name, from), cancellationToken);

    public override Task<AskInfo> AskAsync(string askId, CancellationToken cancellationToken) =>
        reader.RunAsync(db => AskQueries.Read(db, askId, options, clock.Now) ?? throw AskQueries.NoSuchAsk(askId, path), cancellationToken);

    public override Task<Page<AskInfo>> AsksAsync(AskFilter filter, int limit, string? cursor, CancellationToken cancellationToken)
    {
        long from = AskQueries.ReadCursor(filter, cursor);
        return reader.RunAsync(
            db => AskQueries.Page(db, filter, filter.WorkId is null ? 0 : KeyOf(db, filter.WorkId), from, limit, options, clock.Now),
            cancellationToken
        );
    }

    public override Task<IReadOnlyList<string>> FindAskIdsAsync(string part, int limit, CancellationToken cancellationToken) =>
        reader.RunAsync(db => AskQueries.FindIds(db, part, limit), cancellationToken);

    public override string? IdOfKey(string engine, string key) => reader.Run(db => WorkQueries.IdOfKey(db, engine, key));

    private long Now => clock.Now.ToUnixTimeMilliseconds();

    /// <summary>What the wall clock shows: leases are written by it.</summary>
    private long Wall => options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    private WorkSummary SummaryOf(SqliteConnection db, string workId) => WorkQueries.Summary(db, workId, Now) ?? throw NotFound(workId);

    private long KeyOf(SqliteConnection db, string workId) => WorkQueries.KeyOf(db, workId) ?? throw NotFound(workId);

    private long? KeyOfAny(SqliteConnection db, string? workId) => workId is null ? null : KeyOf(db, workId);

    private NotFoundException NotFound(string workId) => Store.NoSuchItem(workId, path);
}
