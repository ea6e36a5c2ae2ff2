using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Roost;
using Roost.Published;

// A program that uses Roost, published trimmed and by Native AOT (PublishedTests): what it stores it must read back, and what would not come back it must
// be told. It ends with 1 where anything differs. With the argument "start" it runs one item alone, to see how long that takes.
string folder = Directory.CreateTempSubdirectory("roost-published-").FullName;
try
{
    string path = Path.Combine(folder, "roost.db");
    var options = new RoostOptions
    {
        Path = path,
        Json = new JsonSerializerOptions(RoostJson.Default) { TypeInfoResolver = ProgramJson.Default },
        RetryBaseDelay = TimeSpan.FromMilliseconds(1),
        Triggers = [FollowUp()],
    };
    await using var roost = new RoostRuntime(options);
    roost.AddEngine(new CountEngine()).AddEngine(new FollowEngine()).AddEngine(() => new RawEngine());
    if (args is ["start"])
    {
        await roost.RunUntilDoneAsync(await roost.EnqueueAsync(WorkItem.From("raw", new CountPayload(1), ProgramJson.Default.CountPayload)));
        return 0;
    }
    await CountAsync(roost);
    await BuryAsync(roost);
    await ReadPagesAsync(roost);
    await LoseAsync(options with { Path = Path.Combine(folder, "lost.db"), Triggers = null });
    await roost.BackupAsync(Path.Combine(folder, "copy.db"));
    foreach (FileCheck check in (await RoostRuntime.CheckFileAsync(path)).Where(check => check.Status == CheckStatus.Error))
        Expect($"the check {check.Name}", check.Found, "no error");
    string kind = RuntimeFeature.IsDynamicCodeSupported ? "A trimmed program" : "A program compiled ahead of time";
    Expect("reflection for JSON", JsonSerializer.IsReflectionEnabledByDefault, false);
    Console.WriteLine($"{kind} reads what it has stored.");
    return 0;
}
catch (InvalidDataException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
finally
{
    Directory.Delete(folder, recursive: true);
}

[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A text needs nobody's metadata.")]
[UnconditionalSuppressMessage("AOT", "IL3050", Justification = "A text needs nobody's metadata.")]
static Trigger FollowUp() => new Trigger("count", "follow")
{
    Fields = new Dictionary<string, string> { ["counted"] = "snapshot.data.n" },
    Values = new Dictionary<string, object?> { ["note"] = "first" },
}.WithValue("from", new CountPayload(7), ProgramJson.Default.CountPayload);

static async Task CountAsync(RoostRuntime roost)
{
    string id = await roost.EnqueueAsync(
        WorkItem.From("count", new CountPayload(3), ProgramJson.Default.CountPayload) with
        {
            Resources = ["site"],
            IdempotencyKey = "once",
        }
    );
    while (await roost.RunUntilIdleAsync() is { Due: not null }) { } // Its first try fails, and the next waits a millisecond.

    WorkDetail item = await roost.GetAsync(id);
    Expect("its state", item.Summary.State, WorkState.Done);
    Expect("its payload", item.Payload.GetProperty("to").GetInt32(), 3);
    CountState state = item.Snapshot!.DataAs(ProgramJson.Default.CountState);
    Expect("its number", state.N, 3);
    Expect("its mood", state.Mood, Mood.VeryBusy);
    Expect("its phase", state.Phase, new Working(2));
    Expect("its set", string.Join(' ', state.Seen.Order(StringComparer.Ordinal)), "a0 a1 a2 z0 z1 z2");
    Expect("its dictionary", state.ByName["n2"], 2);
    Expect("its own dictionary", state.Marks["a"].By, "first");
    Expect("its places", state.Places[2], (2, -2));
    Expect("its versions", (await roost.ListHistoryAsync(id)).Count, item.Summary.Version);
    Expect("its first version", (await roost.GetSnapshotAsync(id, 2)).DataAs(ProgramJson.Default.CountState).N, 1);
    Expect("its artifact", Encoding.UTF8.GetString(await roost.ReadArtifactAsync(id, "counted.txt")), "3");
    JsonElement report = JsonElement.Parse(await roost.ReadArtifactAsync(id, "report.json"));
    Expect("its report", report.GetProperty("rows")[0].GetProperty("n").GetInt32(), 3);
    Expect(
        "its artifact's metadata",
        (await roost.ListArtifactsOfAsync(id)).Single(it => it.Name == "counted.txt").Metadata?.GetProperty("by").GetString(),
        "count"
    );
    IReadOnlyList<WorkEvent> events = (await roost.ListEventsAsync(id)).Items;
    Expect("its tries", events.Count(it => it.Kind == EventKinds.StepFailed), 1);
    Expect("its events", events.Last(it => it.Kind == "engine.counted").Data?.GetProperty("n").GetInt32(), 3);

    EffectInfo made = (await roost.ListEffectsAsync(id)).Items[0];
    Expect("its effect's result", made.Result?.GetProperty("to").GetInt32(), 4);
    Expect("its effect's key", made.Key.Length, 32);
    Expect("what it has said", string.Concat((await roost.ReadStreamAsync(id, "said")).Pieces.Select(piece => piece.Text)), "0;1;2;");
    Expect("how far it was", item.Summary.Progress?.ToString(), "100 %, 3 of 3");

    WorkSummary follow = (await roost.ListAsync(new() { Engine = "follow", State = WorkState.Done })).Items.Single();
    Expect("its follow-up's payload", (await roost.GetAsync(follow.Id)).Payload.GetProperty("from").GetProperty("to").GetInt32(), 7);
    Expect("its follow-up's mood", (await roost.GetAsync(follow.Id)).Snapshot!.Data.GetProperty("mood").GetString(), "very_busy");
    Expect(
        "its follow-up's event",
        (await roost.ListEventsAsync(new EventFilter { Kinds = ["engine.followed"] })).Items.Single().Data?.GetProperty("to").GetInt32(),
        3
    );
    WorkSummary raw = (await roost.ListAsync(new() { Engine = "raw", ParentId = id })).Items.Single();
    Expect("its child's state", (await roost.GetSnapshotAsync(raw.Id)).DataAs(ProgramJson.Default.CountState).N, 11);
    Expect("its id by its end", (await roost.FindIdsAsync(id[^8..])).Single(), id);
}

static async Task BuryAsync(RoostRuntime roost)
{
    string id = await roost.EnqueueAsync(WorkItem.FromJson("count", """{"to":0,"fails":true}"""));
    await roost.RunUntilIdleAsync();
    Expect("the dead letter", (await roost.ListDeadLettersAsync()).Items.Single().Failure.Message, "Nothing to count.");
    Expect("its group", (await roost.ListDeadLetterGroupsAsync()).Items.Single().Count, 1L);
    await roost.RetryAsync(id);
    await roost.RunUntilIdleAsync();
    Expect("its retry", (await roost.ListEventsAsync(id)).Items.Count(it => it.Kind == EventKinds.Failed), 2);
    Expect("its ends as its engine was told", (await roost.ListEventsAsync(id)).Items.Count(it => it.Kind == EventKinds.EndTold), 2);
    await roost.DiscardAsync(id);
    Expect("the dead letters", await roost.CountDeadLettersAsync(new()), 0L);
}

static async Task ReadPagesAsync(RoostRuntime roost)
{
    var ids = new HashSet<string>();
    string? cursor = null;
    do
    {
        Page<WorkSummary> page = await roost.ListAsync(limit: 1, cursor: cursor);
        foreach (WorkSummary each in page.Items) ids.Add(each.Id);
        cursor = page.Next;
    } while (cursor is not null);
    Expect("the items of all pages", ids.Count, 4);
    Expect("the counts", (await roost.GetCountsAsync()).Total.Done, 3L);
    Expect("the engines", string.Join(", ", (await roost.ListEnginesAsync()).Select(engine => engine.EngineId)), "count, follow, raw");
    Expect("the workers", (await roost.ListWorkersAsync()).Count, 0);
    Expect("the leases", (await roost.ListLeasesAsync()).Count, 0);
    Expect("the resources", (await roost.ListResourcesAsync()).Items.Count, 0);
    Expect("the artifacts", (await roost.ListArtifactsAsync()).Items.Count, 3);
    Expect("the steps", (await roost.GetStepStatisticsAsync()).Steps.Sum(each => each.Steps) > 4, true);
    Expect("what may be purged", (await roost.PurgeAsync(new(TimeSpan.Zero), dryRun: true)).Items, 4L);
}

// What would not come back is told all the same: by the type where trimming has left it, else by the first state.
static async Task LoseAsync(RoostOptions options)
{
    await using var roost = new RoostRuntime(options);
    Refused("a hidden state", "has no member that is both written and read back", () =>
        roost.AddEngine(new OnceEngine<HiddenState>("hidden", ProgramJson.Default.HiddenState, new()))
    );
    if (RuntimeFeature.IsDynamicCodeSupported)
        roost.AddEngine(new StackEngine());
    else
        Refused("a stack", "would come back turned over", () => roost.AddEngine(new StackEngine()));
    Refused(
        "a nested list",
        "Items",
        () => roost.AddEngine(new OnceEngine<NestedState>("nested", ProgramJson.Default.NestedState, new(new() { Items = { 1 } }))),
        or: roost
    );

    var partly = new PartlyHiddenState { Name = "partly" };
    partly.Add();
    roost.AddEngine(new OnceEngine<PartlyHiddenState>("partly", ProgramJson.Default.PartlyHiddenState, partly));
    roost.AddEngine(new OnceEngine<KeyedState>("keyed", ProgramJson.Default.KeyedState, new(new(StringComparer.OrdinalIgnoreCase) { ["A"] = 1 })));
    foreach (string engine in roost.EngineIds) await roost.EnqueueAsync(new WorkItem(engine));
    await roost.RunUntilIdleAsync();

    IReadOnlyList<DeadLetter> lost = (await roost.ListDeadLettersAsync()).Items;
    foreach (string engine in roost.EngineIds.Where(id => id != "stack"))
        Expect($"the dead letter of {engine}", lost.SingleOrDefault(it => it.Item.Engine == engine)?.Failure.Reason, FailReasons.StateNotKept);
    Expect(
        "the stack's items",
        (await roost.ListAsync(new() { Engine = "stack", State = WorkState.Done })).Items.Count,
        RuntimeFeature.IsDynamicCodeSupported ? 1 : 0
    );
}

static void Refused(string what, string why, Action add, RoostRuntime? or = null)
{
    try
    {
        add();
        if (or is null) throw new InvalidDataException($"{what} was taken, and should be refused: {why}.");
    }
    catch (InvalidInputException e)
    {
        Expect($"the refusal of {what} ({e.Message})", e.Message.Contains(why, StringComparison.Ordinal), true);
    }
}

static void Expect<T>(string what, T found, T expected)
{
    if (!EqualityComparer<T>.Default.Equals(found, expected)) throw new InvalidDataException($"{what} is {found}, and should be {expected}.");
}
