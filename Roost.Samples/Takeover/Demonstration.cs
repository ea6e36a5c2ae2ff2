using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Roost.Samples.Takeover;

/// <summary>
/// A worker process is killed half-way through a work item, and another carries on from the last saved snapshot. This process runs no step:
/// it enqueues, watches the file's events, and kills.
/// </summary>
internal sealed class Demonstration(DemonstrationOptions options, TextWriter output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Account account = new(output);
    private readonly int checksBeforeKill = options.Checks / 2;
    private DateTimeOffset killed;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("roost-demonstration-").FullName;
        try
        {
            await using DemonstrationPage? page = options.Url is null ? new(holdRequest: checksBeforeKill + 1) : null;
            await using var roost = new RoostRuntime(Path.Combine(folder, "roost.db"));
            string id = await EnqueueAsync(roost, page);
            WorkDetail before = await KillHalfWayAsync(roost, id, page, cancellationToken);
            await CarryOnAsync(roost, id, cancellationToken);
            await ConcludeAsync(roost, before, page);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<string> EnqueueAsync(RoostRuntime roost, DemonstrationPage? page)
    {
        string url = options.Url ?? page!.Url;
        string claim = options.Claim ?? (page is null ? "" : DemonstrationPage.Claim);
        string id = await roost.EnqueueAsync(
            new WorkItem(
                "watchlist",
                new
                {
                    url,
                    claim,
                    checks_required = options.Checks,
                    delay_seconds = options.DelaySeconds,
                }
            )
        );
        account.Say($"Work item  {id}, engine watchlist, {options.Checks} checks");
        account.Say($"Address    {url}{(page is null ? "" : " (a page that this program serves)")}");
        account.Say($"Claim      {(claim.Length == 0 ? "none: to be reachable is enough" : $"\"{claim}\" is on the page")}");
        account.Say("File       roost.db in a temporary folder, deleted at the end");
        return id;
    }

    /// <summary>The first worker, until the kill. Returns the item as the kill left it.</summary>
    private async Task<WorkDetail> KillHalfWayAsync(RoostRuntime roost, string id, DemonstrationPage? page, CancellationToken cancellationToken)
    {
        await using var worker = WorkerProcess.Start(roost.Path);
        account.Say($"\nWorker 1 is started: process {worker.ProcessId}.");
        WorkEvent last = await FollowAsync(roost, id, worker, _ => account.Versions.Count == 1 + checksBeforeKill, cancellationToken);
        if (IsEnd(last)) throw Ended(last);
        if (page is not null) await page.Held.WaitAsync(Patience + TimeSpan.FromSeconds(options.DelaySeconds), cancellationToken);
        killed = DateTimeOffset.UtcNow;
        await worker.KillAsync();

        WorkDetail left = await roost.GetAsync(id, cancellationToken);
        foreach (WorkEvent happened in (await roost.ListEventsAsync(id, account.Last, cancellationToken: cancellationToken)).Items)
            account.Tell(happened);
        if (left.Summary.State.IsEnded())
            throw new DemonstrationFailedException(
                $"the item was {left.Summary.State.Name()} before the worker could be killed; give a longer --delay or more --checks."
            );
        account.Say(
            page is null
                ? $"Worker 1 is killed with SIGKILL after check {checksBeforeKill}."
                : $"Worker 1 is killed with SIGKILL while it waits for the page in check {checksBeforeKill + 1}."
        );
        account.Say($"Saved in the file: version {left.Summary.Version} with {Observations(left).GetArrayLength()} observations.");
        return left;
    }

    private async Task CarryOnAsync(RoostRuntime roost, string id, CancellationToken cancellationToken)
    {
        await using var worker = WorkerProcess.Start(roost.Path);
        account.Say($"\nWorker 2 is started: process {worker.ProcessId}.");
        WorkEvent taken = await FollowAsync(roost, id, worker, happened => happened.Kind == EventKinds.Claimed, cancellationToken);
        WorkEvent end = await FollowAsync(roost, id, worker, IsEnd, cancellationToken);
        if (end.Kind != EventKinds.Done) throw Ended(end);
        await worker.StopAsync();
        account.Say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Worker 2 (process {worker.ProcessId}) took over {(taken.At - killed).TotalSeconds:0.00} s after the kill, the start of its process " +
                $"included.\n"
            )
        );
    }

    /// <summary>Tells the item's events while a worker runs, up to the one that is waited for.</summary>
    private async Task<WorkEvent> FollowAsync(
        RoostRuntime roost,
        string id,
        WorkerProcess worker,
        Func<WorkEvent, bool> isLast,
        CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<WorkEvent> told = TellAsync();
        if (await Task.WhenAny(told, worker.Ended) == told) return await told;
        await stop.CancelAsync();
        await ((Task)told).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        throw new DemonstrationFailedException($"process {worker.ProcessId} has ended by itself with exit code {worker.ExitCode}.");

        async Task<WorkEvent> TellAsync()
        {
            await foreach (WorkEvent happened in roost.WatchEventsAsync(id, account.Last, stop.Token))
            {
                account.Tell(happened);
                if (isLast(happened) || IsEnd(happened)) return happened;
            }
            throw new DemonstrationFailedException("the events have ended before the work.");
        }
    }

    /// <summary>Holds the end against the state before the kill, and shows the artifact.</summary>
    private async Task ConcludeAsync(RoostRuntime roost, WorkDetail before, DemonstrationPage? page)
    {
        string report = Encoding.UTF8.GetString(await roost.ReadArtifactAsync(before.Summary.Id, "report.json"));
        using JsonDocument document = JsonDocument.Parse(report);
        JsonElement[] reported = [.. document.RootElement.GetProperty("observations").EnumerateArray()];
        JsonElement[] saved = [.. Observations(before).EnumerateArray()];
        if (reported.Length != options.Checks)
            throw new DemonstrationFailedException($"the report has {reported.Length} observations where {options.Checks} were asked for.");
        if (!saved.Zip(reported).All(pair => JsonElement.DeepEquals(pair.First, pair.Second)))
            throw new DemonstrationFailedException("what was saved before the kill is not in the report.");
        if (!account.Versions.SequenceEqual(Enumerable.Range(1, options.Checks + 1)))
            throw new DemonstrationFailedException($"the versions were {string.Join(", ", account.Versions)}; each should have been saved once.");

        account.Say($"Versions   {before.Summary.Version} before the kill, {account.Versions[^1]} at the end; each was saved once");
        account.Say($"Lost       nothing: the {saved.Length} observations from before the kill are in the report");
        if (page is not null)
            account.Say($"Repeated   the interrupted fetch, since a step runs at least once: {page.Requests} requests for {options.Checks} checks");
        account.Say($"\nreport.json\n{report}");
    }

    private static bool IsEnd(WorkEvent happened) => happened.Kind is EventKinds.Done or EventKinds.Failed or EventKinds.Cancelled;

    private static DemonstrationFailedException Ended(WorkEvent end) => new($"work item {end.WorkId} ended too early or not well: {end.Kind} {end.Data}");

    private static JsonElement Observations(WorkDetail item) => item.Snapshot!.Data.GetProperty("seen");
}
