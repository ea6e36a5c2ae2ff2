using System.Diagnostics.CodeAnalysis;
using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>One work item with everything about it, including in words why it does not run.</summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public async Task<WorkDetail> GetAsync(string workId, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        WorkDetail found = await Readable.DetailAsync(workId, cancellationToken).ConfigureAwait(false) ?? throw NotFound(workId);
        return found with { Snapshot = Told(found.Snapshot) };
    }

    /// <summary>
    /// An item and the items below it: its children, theirs, and so on, with how many of each are in which state. Reads a bounded number of items however many
    /// there are, and says where there are more. What hung below an item that was purged is no longer below those above it. A child that changes its state
    /// between two pages may come twice, or on neither.
    /// </summary>
    /// <param name="workId">The item; it need not be the topmost.</param>
    /// <param name="bounds">How deep, and how many. Default: 8 levels, 20 children of each item, 1,000 items.</param>
    /// <param name="cursor">The <see cref="WorkTree.Next"/> of an earlier read, for further children of the item. Default: the first.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    /// <exception cref="InvalidInputException">A bound or the cursor breaks a rule.</exception>
    public async Task<WorkTree> GetTreeAsync(
        string workId, TreeBounds? bounds = null, string? cursor = null, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        TreeBounds within = bounds ?? new();
        if (within.Depth is < 0 or > 1000) throw new InvalidInputException("Depth", $"is {within.Depth}; it must be from 0 to 1,000.");
        if (within.Children is < 1 or > 1000) throw new InvalidInputException("Children", $"is {within.Children}; it must be from 1 to 1,000.");
        if (within.Items is < 1 or > 1000) throw new InvalidInputException("Items", $"is {within.Items}; it must be from 1 to 1,000.");
        return await Readable.TreeAsync(workId, within, cursor, cancellationToken).ConfigureAwait(false) ?? throw NotFound(workId);
    }

    /// <summary>
    /// The ids that a part of one may mean: the id itself where it is one, else the ids that begin with the part, and those of the latest
    /// 50,000 items that end with it. Letters of either case are different.
    /// </summary>
    /// <param name="part">At least 3 characters, or a whole id.</param>
    /// <param name="limit">How many at most; 1 to 1,000. Default 10.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>None, one, or as many as could be meant.</returns>
    /// <exception cref="InvalidInputException">The part is no possible part of an id, or the limit is out of range.</exception>
    public async Task<IReadOnlyList<string>> FindIdsAsync(string part, int limit = 10, CancellationToken cancellationToken = default)
    {
        Names.Check("part", part);
        Selection.CheckLimit(limit);
        return await Readable.FindIdsAsync(part, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The versions of a work item's state that are kept, oldest first: the first <see cref="RoostOptions.HistoryFirst"/> and the last <see
    /// cref="RoostOptions.HistoryLast"/>.
    /// </summary>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public Task<IReadOnlyList<SnapshotVersion>> ListHistoryAsync(string workId, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        return Readable.HistoryAsync(workId, cancellationToken);
    }

    /// <summary>One kept version of a work item's state.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="version">The version, from 1. Default: the last.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="NotFoundException">There is no such item, or that version is not made yet or no longer kept.</exception>
    /// <exception cref="DataCorruptException">The stored bytes do not match their SHA-256.</exception>
    public async Task<Snapshot> GetSnapshotAsync(string workId, int? version = null, CancellationToken cancellationToken = default)
    {
        Names.Check("workId", workId);
        if (version < 1) throw new InvalidInputException("version", $"is {version}; the first snapshot of a work item is version 1.");
        return Told(await Readable.SnapshotAsync(workId, version, cancellationToken).ConfigureAwait(false))!;
    }

    private StoreReads Readable => Store.Reads;

    /// <summary>Tells a snapshot by which settings its engine stores, where that is registered here.</summary>
    [return: NotNullIfNotNull(nameof(snapshot))]
    internal Snapshot? Told(Snapshot? snapshot)
    {
        if (snapshot is null) return null;
        return engines.Find(snapshot.Engine) is { } engine ? snapshot.ReadBy(engine.Json) : snapshot;
    }

    /// <summary>
    /// Work items, most recently updated first, but for those of a <see cref="WorkFilter.Condition"/>. Paging goes on while work goes on: no item comes twice,
    /// and one that changes meanwhile moves to the front, where the next look at the first page finds it.
    /// </summary>
    /// <param name="filter">Which items. Default: all.</param>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="Page{T}.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The limit, the cursor or a field of the filter breaks a rule.</exception>
    public Task<Page<WorkSummary>> ListAsync(WorkFilter? filter = null, int limit = 50, string? cursor = null, CancellationToken cancellationToken = default)
    {
        Selection.CheckLimit(limit);
        var selection = Selection.Of(filter ?? new());
        return Readable.ListAsync(selection, limit, cursor, cancellationToken);
    }

    /// <summary>How many work items there are in each state, by engine and queue. Costs the same however many there are.</summary>
    public Task<WorkCounts> GetCountsAsync(CancellationToken cancellationToken = default) => Readable.CountsAsync(cancellationToken);

    /// <summary>Every lease that is held, by worker and then by when it was claimed.</summary>
    public Task<IReadOnlyList<Lease>> ListLeasesAsync(CancellationToken cancellationToken = default) => Readable.LeasesAsync(cancellationToken);

    /// <summary>The resources that are held, by whom, and who waits for them; by name.</summary>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="Page{T}.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The limit or the cursor breaks a rule.</exception>
    public Task<Page<ResourceInfo>> ListResourcesAsync(int limit = 50, string? cursor = null, CancellationToken cancellationToken = default)
    {
        Selection.CheckLimit(limit);
        return Readable.ResourcesAsync(limit, cursor, cancellationToken);
    }

    /// <summary>The workers that run, and those that have died and whose items nobody has taken over yet; by when they started.</summary>
    public Task<IReadOnlyList<WorkerInfo>> ListWorkersAsync(CancellationToken cancellationToken = default) => Readable.WorkersAsync(cancellationToken);

    /// <summary>The engines that items or living workers name, with their counts, how long they wait, and what nobody serves; by id.</summary>
    public Task<IReadOnlyList<EngineInfo>> ListEnginesAsync(CancellationToken cancellationToken = default) => Readable.EnginesAsync(cancellationToken);

    /// <summary>How many steps were made and how many tries have failed, by engine and step and over time; see <see cref="StepStatistics"/>.</summary>
    /// <param name="over">How far back. Default: the last hour.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">There is no such span.</exception>
    public Task<StepStatistics> GetStepStatisticsAsync(StatisticsSpan over = StatisticsSpan.Hour, CancellationToken cancellationToken = default)
    {
        if (!Enum.IsDefined(over)) throw new InvalidInputException("over", $"{(int)over} is no span; it must be Hour, Day or Week.");
        return Readable.StepStatisticsAsync(over, cancellationToken);
    }
}
