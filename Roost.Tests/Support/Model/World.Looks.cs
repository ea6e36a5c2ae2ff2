namespace Roost.Tests.Support.Model;

/// <summary>What every read must say.</summary>
internal sealed partial class World
{
    private static readonly WorkState[] States = Enum.GetValues<WorkState>();

    /// <summary>Nothing that could run here is left, and the loop knows when that changes.</summary>
    private void CheckIdle(int runtime, DateTimeOffset? due)
    {
        ModelItem[] queued = [.. model.Items.Values.Where(item => item.State == WorkState.Queued)];
        ModelItem[] waiting = [.. model.Items.Values.Where(item => item.State == WorkState.Waiting)];
        foreach (ModelItem item in (ModelItem[])[.. queued, .. waiting])
            Must(!(item.Deadline <= model.Now), $"{item} is beyond its deadline, and a loop has run");
        HashSet<ModelItem> stuck = Stuck(queued);
        ModelItem[] here = [.. queued.Concat(waiting.Where(item => item.Due is not null)).Where(item => IsServed(runtime, item))];
        foreach (ModelItem item in here)
            Must(
                item.DueLatest > model.Now || stuck.Contains(item) || (item.State == WorkState.Queued && (item.IsPaused || model.IsCovered(item))),
                $"{item} could run, and the loop is idle at {model.Now:mm:ss.fff}: {runtimes[0].Detail(item.Id).Situation}"
            );
        ModelItem[] delayed = [.. here.Where(item => item.Due > model.Now)];
        DateTimeOffset[] ends = [.. model.Items.Values.Where(item => item.IsPaused && item.PausedUntil is not null).Select(item => item.PausedUntil!.Value)];
        DateTimeOffset[] deadlines = [.. queued.Concat(waiting).Where(item => item.Deadline is not null).Select(item => item.Deadline!.Value)];
        Must(ends.All(end => end > model.Now), "the end of a pause has passed, and a loop has run");
        if (due is { } next)
            Must(
                (ends.Contains(next) || deadlines.Contains(next) || here.Any(item => item.Due <= next && next <= item.DueLatest))
                    && !delayed.Any(item => item.DueLatest < next) && !ends.Any(end => end < next) && !deadlines.Any(deadline => deadline < next),
                $"the loop waits for {next:mm:ss.fff}"
            );
        else
            Must(
                delayed.Length == 0 && ends.Length == 0 && deadlines.Length == 0,
                $"the loop waits for nothing, and {delayed.FirstOrDefault()} is delayed, or a pause ends, or a deadline passes"
            );
    }

    /// <summary>Whoever waits for a name that another holds for its life, or for a name that one who waits so may hold meanwhile.</summary>
    private HashSet<ModelItem> Stuck(ModelItem[] queued)
    {
        var stuck = new HashSet<ModelItem>(
            queued.Where(item => item.Spec.AllNames.Any(name => model.Holders.TryGetValue(name, out ModelItem? holder) && holder != item))
        );
        for (int before = -1; before < stuck.Count;)
        {
            before = stuck.Count;
            stuck.UnionWith(queued.Where(item => item.Spec.AllNames.Any(name => stuck.Any(other => other.Spec.AllNames.Contains(name)))).ToList());
        }
        return stuck;
    }

    /// <summary>Everything that is said about one item.</summary>
    public async Task LookAsync(int runtime, string id)
    {
        RoostRuntime roost = runtimes[runtime];
        if (!Foretold().Items.TryGetValue(id, out ModelItem? item))
        {
            Func<Task>[] reads =
            [
                () => roost.GetAsync(id),
                () => roost.ListHistoryAsync(id),
                () => roost.ListEventsAsync(id),
                () => roost.ListArtifactsOfAsync(id),
                () => roost.GetSnapshotAsync(id),
                () => roost.WaitAsync(id, TimeSpan.Zero),
            ];
            foreach (Func<Task> read in reads)
                Must((await CatchAsync(async () => { await read(); return null; })).Error is NotFoundException, $"{id} is not there, and is found");
            return;
        }
        WorkDetail detail = await roost.GetAsync(id);
        string wrong = string.Join(", ", Differences(item, detail));
        Must(wrong.Length == 0, $"{item}: {wrong}");
        await LookAtHistoryAsync(roost, item);
        IReadOnlyList<WorkEvent> events = (await roost.ListEventsAsync(id)).Items;
        Must(
            events.Select(e => e.Kind).SequenceEqual(item.Events),
            $"the events of {item} are {string.Join(' ', events.Select(e => e.Kind))}, not {string.Join(' ', item.Events)}"
        );
        Must((await roost.ListLastEventsAsync(id, limit: 2)).Items.Select(e => e.Kind).SequenceEqual(item.Events.TakeLast(2)), $"the last events of {item}");
        Must((await roost.FindIdsAsync(id, limit: 100)).Contains(id), $"{id} is not found by its id");
        if (item.IsEnded) Must(Same(item, await roost.WaitAsync(id)) && Same(item, await roost.RunUntilDoneAsync(id)), $"{item} has ended otherwise");
        else
        {
            bool timedOut = false;
            try
            {
                await roost.WaitAsync(id, TimeSpan.Zero);
            }
            catch (TimeoutException)
            {
                timedOut = true;
            }
            Must(timedOut, $"{item} has not ended");
        }
    }

    private static async Task LookAtHistoryAsync(RoostRuntime roost, ModelItem item)
    {
        int[] kept = [.. Enumerable.Range(1, item.Version).Where(version => version <= HistoryFirst || version > item.Version - HistoryLast)];
        Must(
            (await roost.ListHistoryAsync(item.Id)).Select(version => version.Version).Order().SequenceEqual(kept),
            $"{item} keeps other versions than {string.Join(' ', kept)}"
        );
        foreach (int version in kept)
            Must(IsVersion(item, version, await roost.GetSnapshotAsync(item.Id, version)), $"version {version} of {item} is another");
        foreach ((string name, int version) in item.Artifacts)
            Must(
                System.Text.Encoding.UTF8.GetString(await roost.ReadArtifactAsync(item.Id, name, version)) == $"{item.Id} version {version - 1}",
                $"the artifact of version {version} of {item} is another"
            );
        if (item.State == WorkState.Failed)
            Must((await roost.GetDeadLetterAsync(item.Id)).Failure.Reason == item.Failure!.Value.Reason, $"the reason of {item}");
        else
            Must((await CatchAsync(async () => await roost.GetDeadLetterAsync(item.Id))).Error is ConflictException, $"{item} is no dead letter");
    }

    private IEnumerable<string> Differences(ModelItem item, WorkDetail detail)
    {
        if (!Same(item, detail.Summary)) yield return $"it is {detail.Summary}";
        if (detail.Failures != item.Failures || detail.Interruptions != item.Interruptions) yield return $"failures {detail.Failures}, interruptions " +
            $"{detail.Interruptions}";
        if (!item.IsEnded && detail.CancelRequested != item.CancelRequested) yield return $"cancel requested: {detail.CancelRequested}";
        if ((detail.Summary.Pause is not null) != model.IsPausedItself(item)) yield return $"its pause is {detail.Summary.Pause}";
        if (!item.IsEnded && (detail.Pauses.Count > 0) != (model.IsPausedItself(item) || model.IsCovered(item))) yield return $"{detail.Pauses.Count} pauses";
        if (detail.Signals != item.Mail.Count) yield return $"{detail.Signals} signals, not {item.Mail.Count}";
        if ((detail.Wait is not null) != (item.State == WorkState.Waiting)) yield return $"it waits for {detail.Wait}";
        if (detail.Deadline != item.Deadline) yield return $"deadline {detail.Deadline}";
        DateTimeOffset? due = item.State == WorkState.Waiting ? detail.Wait?.Until : detail.DueAt;
        if (item.DueLatest > model.Now ? !(due >= item.Due && due <= item.DueLatest) : item.Due is null && due is not null)
            yield return $"due {due:mm:ss.fff}";
        if (detail.ParentId != (item.Parent is { IsPurged: false } parent ? parent.Id : null)) yield return $"parent {detail.ParentId}";
        if (!detail.Resources.SequenceEqual(item.Spec.AllNames.Order(StringComparer.Ordinal))) yield return "other resources";
        if (item.AskedForNothing && detail.BlockedOn is not null) yield return $"blocked on {detail.BlockedOn}";
        if (detail.IdempotencyKey != item.Spec.Key || detail.MaxAttempts != item.Spec.MaxAttempts || detail.MaxSteps != item.Spec.MaxSteps)
            yield return "another key or number of tries or steps";
        if (detail.RetryAfters != item.RetryAfters) yield return $"retry afters {detail.RetryAfters}";
        if (detail.Snapshot?.Version != (item.Version == 0 ? null : item.Version)
            || (detail.Snapshot is { } last && !IsVersion(item, item.Version, last)))
            yield return $"snapshot {detail.Snapshot?.Version}";
        if ((detail.Lease is not null) != (item.State == WorkState.Running)
            || (detail.Lease is { } lease && (lease.WorkerId != item.Worker || lease.Version != item.Version)))
            yield return $"lease {detail.Lease}";
        if (item.State == WorkState.Failed
            && (detail.LastFailure!.Reason, detail.LastFailure.Attempt, detail.LastFailure.Version) != item.Failure!.Value)
            yield return $"failure {detail.LastFailure}, not {item.Failure}";
        if (!detail.Artifacts.Select(artifact => (artifact.Name, artifact.Version)).SequenceEqual(item.Artifacts)) yield return "other artifacts";
        var children = model.Items.Values.Where(child => child.Parent == item).CountBy(child => child.State).ToDictionary();
        if (!detail.Children.OrderBy(each => each.Key).SequenceEqual(children.OrderBy(each => each.Key))) yield return "other children";
    }

    private static bool IsVersion(ModelItem item, int version, Snapshot found) =>
        found.StateVersion == item.Shapes[version - 1] && found.DataAs<int>() == ScriptEngine.StateOf(version, found.StateVersion);

    private static bool Same(ModelItem item, WorkSummary found) =>
        (found.State, found.Priority, found.Version, found.Engine, found.Queue) == (item.State, item.Priority, item.Version, item.Spec.Engine, item.Spec.Queue)
        && (item.State != WorkState.Failed || found.FailReason == item.Failure!.Value.Reason)
        && (!item.IsEnded || (found.UpdatedAt == item.UpdatedAt && found.EndedAt == item.UpdatedAt));

    /// <summary>Every list, count and page.</summary>
    public async Task LookAtAllAsync(int runtime)
    {
        Foretold();
        RoostRuntime roost = runtimes[runtime];
        foreach (WorkState state in States)
        {
            var ids = new List<string>();
            for (Page<WorkSummary>? page = null; page is null || page.Next is not null;)
            {
                page = await roost.ListAsync(new() { State = state }, limit: 3, page?.Next);
                ids.AddRange(page.Items.Select(item => item.Id));
                foreach (WorkSummary item in page.Items) Must(Same(model.Items[item.Id], item), $"a page says {item}, and it is {model.Items[item.Id]}");
            }
            string[] meant = [.. model.Items.Values.Where(item => item.State == state).Select(item => item.Id)];
            Must(ids.Order().SequenceEqual(meant.Order()), $"{state} are {string.Join(' ', meant)}, and the pages say {string.Join(' ', ids)}");
        }
        foreach (bool paused in (bool[])[true, false])
        {
            string[] found = [.. (await roost.ListAsync(new() { IsPaused = paused }, limit: 1000)).Items.Select(item => item.Id)];
            string[] meant = [.. model.Items.Values.Where(item => model.IsPausedItself(item) == paused).Select(item => item.Id)];
            Must(found.Order().SequenceEqual(meant.Order()), $"{string.Join(' ', found)} are listed as {(paused ? "" : "not ")}paused");
        }
        foreach (QueueCounts queue in (await roost.GetCountsAsync()).Queues)
        {
            ModelItem[] own = [.. model.Items.Values.Where(item => item.Spec.Engine == queue.Engine && item.Spec.Queue == queue.Queue)];
            long[] meant = [.. States.Select(state => own.LongCount(item => item.State == state))];
            long[] counted = [queue.Counts.Queued, queue.Counts.Running, queue.Counts.Waiting, queue.Counts.Done, queue.Counts.Failed, queue.Counts.Cancelled];
            Must(queue.Counts.Paused == own.LongCount(model.IsPausedItself), $"{queue.Counts.Paused} of {queue.Engine}/{queue.Queue} are counted as paused");
            Must(meant.SequenceEqual(counted), $"the counts of {queue.Engine}/{queue.Queue} are {string.Join(' ', counted)}, not {string.Join(' ', meant)}");
        }
        Page<DeadLetter> letters = await roost.ListDeadLettersAsync(limit: 1000);
        Must(
            letters
                .Items.Select(letter => letter.Item.Id)
                .SequenceEqual(
                    model
                        .Items.Values.Where(item => item.State == WorkState.Failed)
                        .OrderByDescending(item => item.UpdatedAt)
                        .ThenByDescending(item => item.Serial)
                        .Select(item => item.Id)
                ),
            "other dead letters, or in another order"
        );
        Must((await roost.ListArtifactsAsync(limit: 1000)).Items.Count == model.Items.Values.Sum(item => item.Artifacts.Count), "another number of artifacts");
        Must(await roost.GetLastSequenceAsync() >= seen, "the last event");
        await LookAtNamesAsync(roost);
    }

    private async Task LookAtNamesAsync(RoostRuntime roost)
    {
        Dictionary<string, string> found = (await roost.ListResourcesAsync(limit: 1000)).Items.ToDictionary(one => one.Name, one => one.HolderId);
        foreach ((string name, ModelItem holder) in model.Holders)
            Must(found.GetValueOrDefault(name) == holder.Id, $"{holder} holds \"{name}\", and the list says {found.GetValueOrDefault(name)}");
        foreach ((string name, string id) in found)
            Must(model.Holders.ContainsKey(name) || MayWaitWith(model.Items[id], found), $"\"{name}\" is held by {model.Items[id]}");
    }

    /// <summary>
    /// While a dead worker has its row, those that it served may have been handed names; and who was retried keeps for life what it was handed
    /// once it has all.
    /// </summary>
    private bool MayWaitWith(ModelItem item, Dictionary<string, string> found)
    {
        if (item.State != WorkState.Queued) return false;
        return ghosts.Count > 0 || (item.HoldsForLife && item.Spec.AllNames.All(name => found.GetValueOrDefault(name) == item.Id));
    }

    /// <summary>A copy holds the same, changes nothing until it is adopted, and works from there on its own.</summary>
    public async Task BackupAsync(int runtime)
    {
        string path = folder[$"copy-{++copies}.db"];
        await runtimes[runtime].BackupAsync(path);
        await using var copy = new RoostRuntime(Options with { Path = path });
        foreach (string engine in Served[0].Engines) copy.AddEngine(new ScriptEngine(engine, ShapeOf(engine, 0), clock, new(), () => copy));
        foreach (ModelItem item in Foretold().Items.Values) Must(Same(item, (await copy.GetAsync(item.Id)).Summary), $"the copy has another {item}");
        Must((await CatchAsync(async () => await copy.EnqueueAsync(new WorkItem("a")))).Error is FileRefusedException, "a copy takes no work");
        await copy.AdoptAsync();
        Must((await copy.GetCountsAsync()).Total.Running == 0, "leases of the original count in an adopted copy");
        await copy.RunUntilIdleAsync().WaitAsync(Patience);
        FileAudit.MustAgree(path);
        model.Now = clock.GetUtcNow();
    }

    /// <summary>Everything that can be read, and what must hold in any file.</summary>
    public async Task EndAsync()
    {
        await LookAtAllAsync(1);
        foreach (string id in model.Items.Keys) await LookAsync(0, id);
        FileAudit.MustAgree(Path);
    }
}
