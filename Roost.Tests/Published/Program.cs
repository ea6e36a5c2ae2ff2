using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Roost;
using Roost.Published;

// A program that uses Roost and is published trimmed (.ci/run does so): what it stores it must read back. It ends with 1 where anything differs.
string folder = Directory.CreateTempSubdirectory("roost-trimmed-").FullName;
try
{
    string path = Path.Combine(folder, "roost.db");
    var options = new RoostOptions
    {
        Path = path,
        Json = new JsonSerializerOptions(RoostJson.Default) { TypeInfoResolver = JsonTypeInfoResolver.Combine(ProgramJson.Default, RoostJson.Default.TypeInfoResolver!) },
        Triggers = [new("count", "follow") { Fields = new Dictionary<string, string> { ["counted"] = "snapshot.data.n" }, Values = new Dictionary<string, object?> { ["note"] = "first" } }],
    };
    await using var roost = new RoostRuntime(options);
    roost.AddEngine(new CountEngine()).AddEngine(new FollowEngine());
    string id = await roost.EnqueueAsync(new WorkItem("count", new CountPayload(3)) { Resources = ["site"], IdempotencyKey = "once" });
    await roost.EnqueueAsync(WorkItem.FromJson("count", """{"to":0}"""));
    await roost.RunUntilIdleAsync();

    WorkDetail item = await roost.GetAsync(id);
    Expect("its state", item.Summary.State, WorkState.Done);
    Expect("its payload", item.Payload.GetProperty("to").GetInt32(), 3);
    Expect("its snapshot", item.Snapshot!.DataAs<CountState>().N, 3);
    Expect("its versions", (await roost.GetHistoryAsync(id)).Count, item.Summary.Version);
    Expect("its artifact", System.Text.Encoding.UTF8.GetString(await roost.ReadArtifactAsync(id, "counted.txt")), "3");
    Expect("its follow-up", (await roost.ListAsync(new() { Engine = "follow", State = WorkState.Done })).Items.Count, 1);
    Expect("the dead letter", (await roost.ListDeadLettersAsync()).Items.Single().Failure.Message, "Nothing to count.");
    Expect("the counts", (await roost.GetCountsAsync()).Total.Done, 2L);
    Expect("the engines", string.Join(", ", (await roost.GetEnginesAsync()).Select(engine => engine.EngineId)), "count, follow");
    Expect("the workers", (await roost.GetWorkersAsync()).Count, 0);
    Expect("the resources", (await roost.GetResourcesAsync()).Items.Count, 0);
    Expect("the artifacts", (await roost.ListArtifactsAsync()).Items.Count, 1);
    Expect("the events", (await roost.ReadEventsAsync(id)).Count(it => it.Kind == "stepped"), item.Summary.Version - 1);
    Expect("the id by its end", (await roost.FindIdsAsync(id[^8..])).Single(), id);
    await roost.BackupAsync(Path.Combine(folder, "copy.db"));
    foreach (FileCheck check in (await RoostRuntime.CheckFileAsync(path)).Where(check => check.Status == CheckStatus.Error)) Expect($"the check {check.Name}", check.Found, "no error");
    Console.WriteLine($"A {(JsonSerializer.IsReflectionEnabledByDefault ? "program with" : "trimmed program without")} reflection for JSON reads what it has stored.");
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

static void Expect<T>(string what, T found, T expected)
{
    if (!EqualityComparer<T>.Default.Equals(found, expected)) throw new InvalidDataException($"{what} is {found}, and should be {expected}.");
}
