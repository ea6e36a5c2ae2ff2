using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>A small disk that fills up: a clear error, reads work, nothing acknowledged is lost, and it goes on once there is space.</summary>
[TestFixture]
[Category("Reliability")]
internal sealed class FullDiskTests : FolderFixture
{
    private const int Megabyte = 1024 * 1024;

    private string path = null!;

    [SetUp]
    public void SetPath() => path = folder["roost.db"];

    [Test]
    public async Task Filled_by_its_own_writing_it_tells_each_caller_and_goes_on_when_there_is_space_again()
    {
        await using Mount mount = await Mount.SmallAsync(folder.Root, "4m");
        var acknowledged = new List<string>();
        int refused = 0;
        await using (var roost = new RoostRuntime(path))
        {
            string text = new('x', 20_000);
            for (int i = 0; refused < 20; i++)
            {
                try
                {
                    acknowledged.Add(await roost.EnqueueAsync(new WorkItem("e", new { text }) { Id = $"item-{i}" }));
                }
                catch (DiskFullException)
                {
                    refused++;
                    (await roost.GetAsync(acknowledged[^1])).Summary.Id.Should().Be(acknowledged[^1], "reads work");
                }
            }
            await mount.ResizeAsync("32m");
            acknowledged.Add(await roost.EnqueueAsync(new WorkItem("e", new { text }) { Id = "after" }));
        }

        MustHoldExactly(acknowledged);
        Effort.Report($"{acknowledged.Count} acknowledged, {refused} refused on a disk of 4 MiB, none lost");
    }

    [Test]
    public async Task A_disk_that_fills_in_the_middle_of_an_artifact_leaves_no_half_of_it()
    {
        await using Mount mount = await Mount.SmallAsync(folder.Root, "4m");
        byte[] content = Artifacts.Bytes(6 * Megabyte);
        var full = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engine = new ScriptedEngine(async (state, context) =>
        {
            try
            {
                using var stream = new MemoryStream(content);
                await context.AddArtifactAsync("large.bin", stream);
            }
            catch (DiskFullException)
            {
                full.TrySetResult();
                throw;
            }
            return ScriptedEngine.Finish(state);
        });
        var options = new RoostOptions
        {
            Path = path,
            MaxAttempts = 1000,
            RetryBaseDelay = TimeSpan.FromMilliseconds(20),
            RetryMaxDelay = TimeSpan.FromMilliseconds(100),
        };
        string id;
        await using (RoostRuntime roost = new RoostRuntime(options).AddEngine(engine))
        {
            id = await roost.EnqueueAsync(new WorkItem("scripted"));
            Task<WorkSummary> done = roost.RunUntilDoneAsync(id);
            await full.Task.Soon();
            (await roost.ListArtifactsOfAsync(id)).Should().BeEmpty("reads work, and half an artifact is none");
            await mount.ResizeAsync("64m");

            (await done.Soon()).State.Should().Be(WorkState.Done);
            (await roost.ReadArtifactAsync(id, "large.bin")).AsSpan().SequenceEqual(content).Should().BeTrue();
        }

        FileAudit.Count(path, "roost_blob").Should().Be(1, "what the failed tries had stored is collected");
        FileAudit.Count(path, "roost_blob_pin").Should().Be(0);
        FileAudit.MustAgree(path);
    }

    [Test]
    public async Task A_disk_that_is_full_when_the_log_is_to_be_moved_loses_nothing()
    {
        await using Mount mount = await Mount.SmallAsync(folder.Root, "8m");
        var log = new WaitingLog("could not be moved to the file");
        var acknowledged = new List<string>();
        string text = new('x', 5_000);
        RoostRuntime roost = new RoostRuntime(new RoostOptions { Path = path, LoggerFactory = log }).AddEngine(ScriptedEngine.CountingTo(1));
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        for (int i = 0; i < 120; i++) acknowledged.Add(await roost.EnqueueAsync(new WorkItem("e", new { text }) { Id = $"item-{i}" }));
        Fill(folder["ballast"]);

        await log.Seen.Soon();
        (await roost.GetAsync("item-7")).Summary.State.Should().Be(WorkState.Queued);
        await stop.CancelAsync();
        await Artifacts.Ignoring(loop); // The worker's row cannot be removed; the caller may learn it.
        await Artifacts.Ignoring(roost.DisposeAsync().AsTask());

        File.Delete(folder["ballast"]);
        MustHoldExactly(acknowledged);
    }

    [Test]
    public async Task On_a_disk_that_is_full_already_a_file_is_refused_with_a_reason([Values] bool isThere)
    {
        await using Mount mount = await Mount.SmallAsync(folder.Root, "2m");
        if (isThere)
            await using (var roost = new RoostRuntime(path)) await roost.EnqueueAsync(new WorkItem("e") { Id = "before" });
        Fill(folder["ballast"]);

        RoostException told = FluentActions.Invoking(() => new RoostRuntime(path)).Should().Throw<RoostException>().Which;
        TestContext.Out.WriteLine($"{told.GetType().Name}: {told.Message}");
        told.Message.Should().ContainEquivalentOf("space").And.Contain(folder.Root);

        File.Delete(folder["ballast"]);
        await using (var roost = new RoostRuntime(path)) await roost.EnqueueAsync(new WorkItem("e") { Id = "after" });
        MustHoldExactly(isThere ? ["before", "after"] : ["after"]);
    }

    private void MustHoldExactly(List<string> acknowledged)
    {
        using SqliteConnection file = FileAudit.Open(path);
        file.Query<string>("SELECT id FROM roost_work").Should().BeEquivalentTo(acknowledged);
        FileAudit.MustAgree(path);
    }

    private static void Fill(string ballast)
    {
        using FileStream stream = new(ballast, FileMode.Create, FileAccess.Write, FileShare.None, 1);
        byte[] block = new byte[4096];
        try
        {
            while (true) stream.Write(block);
        }
        catch (IOException)
        {
            // Full, as wanted.
        }
    }
}
