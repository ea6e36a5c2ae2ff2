namespace Roost.Tests.Support;

/// <summary>
/// What a test asks most of a runtime, by its public verbs. Each waits where it stands, which a test may: so it can be part of an assertion,
/// or be asked again and again until it is so.
/// </summary>
internal static class Reading
{
    private const int Page = 1000;

    public static WorkDetail Detail(this RoostRuntime roost, string workId) => Now(roost.GetAsync(workId));

    public static WorkState StateOf(this RoostRuntime roost, string workId) => roost.Detail(workId).Summary.State;

    public static StateCounts Totals(this RoostRuntime roost) => Now(roost.GetCountsAsync()).Total;

    /// <summary>The items that there are, those first that have not changed for longest.</summary>
    public static List<WorkSummary> Items(this RoostRuntime roost, WorkFilter? filter = null)
    {
        var all = new List<WorkSummary>();
        string? cursor = null;
        do
        {
            Page<WorkSummary> page = Now(roost.ListAsync(filter, Page, cursor));
            all.InsertRange(0, page.Items.Reverse());
            cursor = page.Next;
        }
        while (cursor is not null);
        return all;
    }

    /// <summary>The kinds of an item's events, in order.</summary>
    public static List<string> EventsOf(this RoostRuntime roost, string workId) =>
        roost.Events(new EventFilter { WorkId = workId }).ConvertAll(one => one.Kind);

    /// <summary>What an item's last event of a kind says; null where there is none.</summary>
    public static string? EventData(this RoostRuntime roost, string workId, string kind) =>
        roost.Events(new EventFilter { WorkId = workId, Kinds = [kind] }).LastOrDefault()?.Text();

    /// <summary>The same of all of them, in order.</summary>
    public static IEnumerable<string?> AllEventData(this RoostRuntime roost, string workId, string kind) =>
        roost.Events(new EventFilter { WorkId = workId, Kinds = [kind] }).Select(one => one.Text());

    /// <summary>Events of some kinds, in order.</summary>
    public static List<WorkEvent> Events(this RoostRuntime roost, params string[] kinds) => roost.Events(new EventFilter { Kinds = kinds });

    public static List<WorkEvent> Events(this RoostRuntime roost, EventFilter filter)
    {
        var all = new List<WorkEvent>();
        long? after = null;
        do
        {
            EventPage page = Now(roost.ListEventsAsync(filter, after, Page));
            all.AddRange(page.Items);
            after = page.Next;
        }
        while (after is not null);
        return all;
    }

    /// <summary>The ids of the items whose lease was taken, in that order.</summary>
    public static List<string> ClaimsOf(this RoostRuntime roost) => roost.Events(EventKinds.Claimed).ConvertAll(one => one.WorkId!);

    /// <summary>What an event says, as it was written; null where it says nothing.</summary>
    public static string? Text(this WorkEvent one) => one.Data?.GetRawText();

    /// <summary>The states of an item as they were written, from its first version to its last.</summary>
    public static List<string> StatesOf(this RoostRuntime roost, string workId) =>
        [.. Now(roost.ListHistoryAsync(workId)).Select(version => version.Version).Order()
            .Select(version => Now(roost.GetSnapshotAsync(workId, version)).Data.GetRawText())];

    /// <summary>Each resource that is held, and by whom, in the order of their names.</summary>
    public static List<string> Holders(this RoostRuntime roost) =>
        [.. Now(roost.ListResourcesAsync(Page)).Items.Select(one => $"{one.Name}={one.HolderId}").Order(StringComparer.Ordinal)];

    public static IReadOnlyList<WorkerInfo> Workers(this RoostRuntime roost) => Now(roost.ListWorkersAsync());

    /// <summary>How many artifacts there are in all.</summary>
    public static int ArtifactCount(this RoostRuntime roost) => roost.Items().Sum(item => Now(roost.ListArtifactsOfAsync(item.Id)).Count);

    private static T Now<T>(Task<T> read) => read.GetAwaiter().GetResult();
}
