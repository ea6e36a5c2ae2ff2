using System.Diagnostics;
using System.Text.Json;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The programs that a newcomer runs first, as real processes.</summary>
[TestFixture]
internal sealed class DemonstrationTests : FolderFixture
{
    [Test]
    public async Task A_killed_workers_item_is_carried_on_from_its_last_snapshot_to_its_artifact()
    {
        (int exitCode, string output, string error) = await SampleProcess.RunAsync(folder, "--delay", "0.05");

        exitCode.Should().Be(0, error);
        output.Should().Contain("Worker 1 is killed with SIGKILL while it waits for the page in check 3.")
            .And.Contain("Saved in the file: version 3 with 2 observations.")
            .And.Contain("found interrupted: its worker is dead")
            .And.MatchRegex(@"Worker 2 \(process \d+\) took over \d+\.\d\d s after the kill")
            .And.Contain("Versions   3 before the kill, 5 at the end; each was saved once")
            .And.Contain("5 requests for 4 checks");
        using JsonDocument report = JsonDocument.Parse(output[output.IndexOf("\n{", StringComparison.Ordinal)..]);
        report.RootElement.GetProperty("verdict").GetString().Should().Be("holds");
        report.RootElement.GetProperty("observations").GetArrayLength().Should().Be(4);
    }

    [Test]
    public async Task The_demonstration_leaves_no_files_behind()
    {
        await SampleProcess.RunAsync(folder, "--delay", "0", "--checks", "2");

        Directory.EnumerateFileSystemEntries(folder.Root, "roost-*").Should().BeEmpty();
    }

    [Test]
    public async Task A_demonstration_whose_item_cannot_finish_exits_with_the_reason()
    {
        (int exitCode, _, string error) = await SampleProcess.RunAsync(folder, "--url", "ftp://example.com");

        exitCode.Should().Be(1);
        error.Should().Contain("give an absolute http or https address");
    }

    [TestCase("--bogus", "\"--bogus\" is not known here.")]
    [TestCase("--checks", "--checks needs a value.")]
    public async Task An_argument_that_is_not_understood_exits_with_the_usage(string argument, string message)
    {
        (int exitCode, _, string error) = await SampleProcess.RunAsync(folder, argument);

        exitCode.Should().Be(2);
        error.Should().Contain(message).And.Contain("Usage:");
    }

    [Test]
    public async Task A_worker_does_not_outlive_a_demonstration_that_is_killed()
    {
        using Process process = SampleProcess.Start(folder, "--delay", "60");
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(SampleProcess.Patience) is { } line)
            if (line.Contains("version 2 saved", StringComparison.Ordinal)) break;

        process.Kill();

        // Both processes write to this pipe: it ends when the last of them has.
        Func<Task> bothEnd = () => process.StandardError.ReadToEndAsync().WaitAsync(SampleProcess.Patience);
        await bothEnd.Should().NotThrowAsync();
    }

    [Test]
    public async Task The_script_does_its_work_once_however_often_it_is_run()
    {
        string file = folder["script.db"];
        (int first, string enqueued, _) = await SampleProcess.RunAsync(folder, "script", file);
        (int second, string found, _) = await SampleProcess.RunAsync(folder, "script", file);

        (first, second).Should().Be((0, 0));
        enqueued.Should().StartWith("Enqueued ").And.EndWith("done at version 4." + Environment.NewLine);
        found.Should().Be(enqueued.Replace("Enqueued", "Found", StringComparison.Ordinal));
        await using var roost = new RoostRuntime(file);
        (await roost.ListEventsAsync()).Items.Count(happened => happened.Kind == EventKinds.Done).Should().Be(1);
    }
}
