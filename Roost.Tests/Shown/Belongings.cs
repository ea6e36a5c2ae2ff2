namespace Roost.Tests.Shown;

internal sealed record Notes(string? Folder = null);

/// <summary>What a step leaves beside its state.</summary>
internal sealed class NotesEngine : Engine<Notes>
{
    public override string EngineId => "notes";

    protected override async Task<Outcome> StepAsync(Notes state, StepContext context)
    {
        string folder = await context.Workspace.EnsureAsync();
        await File.WriteAllTextAsync(Path.Combine(folder, "draft.txt"), "a draft", context.CancellationToken);

        context.AddEvent("drafted", new { words = 2 });
        context.AddArtifactText("summary.md", "# Two words\n");
        await using FileStream draft = File.OpenRead(Path.Combine(folder, "draft.txt"));
        await context.AddArtifactAsync("draft.txt", draft);
        return Done(state with { Folder = folder });
    }

    protected override Notes Init(WorkItem item) => new();
}

/// <summary>Leaves things and reads them.</summary>
internal static class Belongings
{
    public static async Task LeftAndReadAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new NotesEngine());
        string id = await roost.RunToEndAsync(new WorkItem("notes"));

        foreach (Artifact artifact in await roost.ListArtifactsOfAsync(id)) Console.WriteLine($"{artifact.Name}: {artifact.Size} bytes, {artifact.MediaType}");
        await using Stream draft = await roost.OpenArtifactAsync(id, "draft.txt");
        await roost.GetWorkspace(id).RemoveAsync();

        draft.Length.Should().BePositive();
    }

    public static async Task TriggeredAsync(string file)
    {
        var trigger = new Trigger(When: "notes", Enqueue: "mail")
        {
            If = "snapshot.data.folder",
            Values = new Dictionary<string, object?> { ["urgent"] = false },
        };
        await using var roost = new RoostRuntime(new RoostOptions { Path = file, Triggers = [trigger] });
        roost.AddEngine(new NotesEngine());

        await roost.RunToEndAsync(new WorkItem("notes"));

        (await roost.ListAsync(new WorkFilter { Engine = "mail" })).Items.Should().ContainSingle();
    }

    public static async Task OneFileForEachTenantAsync(string file)
    {
        await using var roost = new RoostRuntime(new RoostOptions { Root = Path.GetDirectoryName(file), Namespace = "acme/project 1" });

        Path.GetDirectoryName(roost.Path).Should().Be(Path.GetDirectoryName(file));
    }

    private static async Task<string> RunToEndAsync(this RoostRuntime roost, WorkItem item) =>
        (await roost.RunUntilDoneAsync(await roost.EnqueueAsync(item))).Id;
}
