using System.Diagnostics;
using System.IO.Compression;

namespace Roost.Tests.Support;

/// <summary>What an item of a fixture goes through.</summary>
internal sealed record Fate(int Steps, string End = "done", int WaitsAt = 0);

/// <summary>
/// A file with something of everything, as one version of the schema had it: ended, delayed, blocked and leased items, dead letters, artifacts,
/// follow-ups. One is kept for each version (Fixtures/schema-N.db.gz). Before a schema is given to anybody, its file is made by
/// <c>dotnet Roost.Tests.dll fixture roost.db</c>, whose last step kills its process.
/// </summary>
internal static class FixtureFile
{
    public const int ArtifactBytes = 700_000;

    public static readonly string[] Continuing = ["half", "holder", "waiter", "fresh", "leased", "late"];
    public static readonly string[] Ended = ["done", "child", "dead", "cancelled"];

    /// <summary>Steps an item of a fixture; the state is the number of its steps. Where it makes the file, one item fails and one kills its process.</summary>
    public static ScriptedEngine Engine(
        Action<StepContext, int>? saw = null, bool makes = false, int artifactBytes = ArtifactBytes) => new(async (state, context) =>
    {
        Fate fate = context.Item.PayloadAs<Fate>();
        saw?.Invoke(context, state);
        if (fate.End == "kill" && makes) Process.GetCurrentProcess().Kill();
        if (context.Item.Id == "done" && state == 0 && makes) await context.OnceAsync("fixture", _ => Task.FromResult(1));
        if (context.Item.Id == "done" && state == 0 && makes)
        {
            context.OpenStream("said").Write("as the fixture says");
            context.Report(0.5, "half");
        }
        if (context.Item.Id == "done" && state == 0) await context.AddArtifactAsync("out.bin", new MemoryStream(Content("done", artifactBytes)));
        if (state == 0) context.AddArtifact("state.json", new { context.Item.Id, state });
        if (context.Item.Id == "done" && state == 0) context.AddChild(new WorkItem("scripted", new Fate(1)) { Id = "child" });
        if (state + 1 < fate.Steps) return ScriptedEngine.GoOn(state + 1, state + 1 == fate.WaitsAt ? TimeSpan.FromHours(1) : default);
        return fate.End == "fail" && makes ? ScriptedEngine.GiveUp("The end of this one.") : ScriptedEngine.Finish(state + 1);
    });

    /// <summary>An item that waits for a signal or an answer, with a mailbox; of an engine that nobody else has.</summary>
    private static ScriptedEngine Resting => ScriptedEngine.From(
        (state, context) => context.Wake is null
            ? Outcome.WaitFor(state + 1, new Wait { Signals = ["go"], Ask = new("Go on?") })
            : ScriptedEngine.Finish(state),
        "rests"
    );

    /// <summary>An item that waits for its child, which waits itself.</summary>
    private static ScriptedEngine Gathering => ScriptedEngine.From(
        (state, context) => context.Wake is null ? Outcome.WaitFor(state + 1, new Wait { Children = ChildJoin.All }) : ScriptedEngine.Finish(state),
        "gathers"
    );

    private static async Task RestAsync(RoostRuntime roost)
    {
        await roost.EnqueueAsync(new WorkItem("rests") { Id = "rests" });
        await roost.RunUntilIdleAsync();
        await roost.SignalAsync("rests", "other", new { n = 1 }, "first");
        await roost.EnqueueAsync([new WorkItem("gathers") { Id = "gathers" }, new WorkItem("rests") { Id = "gathered", ParentId = "gathers" }]);
        await roost.RunUntilIdleAsync();
        await roost.PauseAsync(PauseTarget.Item("gathered"), "as the fixture says", "somebody");
        await roost.PauseAsync(PauseTarget.Engine("gathers"), "as the fixture says", "somebody");
    }

    public static byte[] Content(string of, int size = ArtifactBytes)
    {
        byte[] content = new byte[size];
        for (int i = 0; i < content.Length; i++) content[i] = (byte)(i / 997 + of.Length); // Packs well.
        return content;
    }

    /// <summary>Makes the file; the last item's step ends the process where that is wanted, else the item has ended too.</summary>
    public static async Task<int> MakeAsync(string path, bool kills, int artifactBytes = ArtifactBytes)
    {
        using Activity? trace = kills ? new Activity("fixture") { TraceStateString = "fixture=1" }.Start() : null;
        await using var roost = new RoostRuntime(new RoostOptions { Path = path, Triggers = [new("scripted", "follow") { If = "item.payload.never" }] });
        roost.AddEngine(Engine(makes: true, artifactBytes: artifactBytes)).AddEngine(new GrowingEngine(1, steps: kills ? 60 : 8));
        if (kills) await RestAsync(roost.AddEngine(Resting).AddEngine(Gathering));
        await roost.EnqueueAsync(new WorkItem("growing") { Id = "grown" });
        await roost.EnqueueAsync(new WorkItem("scripted", new Fate(3)) { Id = "done", IdempotencyKey = "once", Priority = 5 });
        await roost.EnqueueAsync(new WorkItem("scripted", new Fate(2, "fail")) { Id = "dead" });
        await roost.EnqueueAsync(new WorkItem("scripted", new Fate(5, WaitsAt: 2)) { Id = "half" });
        await roost.EnqueueAsync(
            new WorkItem("scripted", new Fate(4, WaitsAt: 1))
            {
                Id = "holder",
                Resources = ["site"],
                ResourceHold = ResourceHold.Life,
                Priority = 1,
            }
        );
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("scripted", new Fate(2)) { Id = "waiter", Resources = ["site"] });
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync(new WorkItem("scripted", new Fate(1)) { Id = "cancelled" });
        await roost.CancelAsync("cancelled", "not wanted");
        await roost.EnqueueAsync(new WorkItem("scripted", new Fate(2)) { Id = "late", Delay = TimeSpan.FromHours(1) });
        await roost.EnqueueAsync(new WorkItem("scripted", new Fate(2, kills ? "kill" : "done")) { Id = "leased", Priority = 9 });
        await roost.EnqueueAsync(new WorkItem("scripted", new Fate(2)) { Id = "fresh" });
        if (kills) await roost.StepOnceAsync();
        if (kills) await roost.StepOnceAsync();
        return 0;
    }

    /// <summary>The kept files, by name.</summary>
    public static IEnumerable<string> Kept() =>
        typeof(FixtureFile).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".db.gz", StringComparison.Ordinal))
            .OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal);

    public static async Task UnpackAsync(string name, string path)
    {
        await using Stream packed = typeof(FixtureFile).Assembly.GetManifestResourceStream(name)!;
        await using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
        await using FileStream file = File.Create(path);
        await unpacked.CopyToAsync(file);
    }
}
