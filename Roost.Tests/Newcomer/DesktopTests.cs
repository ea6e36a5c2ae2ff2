using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Roost.Samples.Desktop;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The sample with a window, as a real process on a display without a screen.</summary>
[TestFixture, NonParallelizable] // It measures.
internal sealed class DesktopTests
{
    private const int Block = 2000;

    private static readonly (int X, int Y) AddButton = (60, 28), PauseButton = (170, 28);

    private VirtualDisplay display = null!;
    private TemporaryFolder folder = null!;
    private RoostRuntime roost = null!;

    [SetUp]
    public async Task SetUp()
    {
        display = await VirtualDisplay.StartAsync();
        folder = new();
        roost = new(folder["roost.db"]);
    }

    [TearDown]
    public async Task TearDown()
    {
        if (roost is not null) await roost.DisposeAsync();
        folder?.Dispose();
        display?.Dispose();
    }

    [Test]
    public async Task Steps_that_block_their_threads_do_not_stall_the_window()
    {
        string before = await EnqueueAsync("Emma", 2);
        using var window = new ShownWindow(this);
        await window.UntilShownAsync($"{before} running 0/2");
        string meanwhile = await EnqueueAsync("Walden", 2);

        await window.UntilShownAsync($"{before} done 2/2", $"{meanwhile} done 2/2"); // One tick may show both.
        await Waiting.Until(() => display.Look().Colours > 10); // An empty screen has one.
        TestContext.AddTestAttachment(await SaveAsync(folder["window.png"]));
        string last = await window.CloseAsync();

        (await roost.GetAsync(meanwhile)).Summary.State.Should().Be(WorkState.Done);
        TestContext.Out.WriteLine(last);
        LongestGap(last).Should().BePositive().And.BeLessThan(Block / 2, "each step blocks its thread for {0} ms", Block);
    }

    [Test]
    public async Task Its_buttons_bring_more_work_and_pause_it()
    {
        using var window = new ShownWindow(this);
        await window.UntilShownAsync(" 1/6"); // It finds nothing to read, and takes a book itself.

        display.Click(AddButton.X, AddButton.Y);
        await Waiting.Until(() => roost.Items().Count == 2);
        display.Click(PauseButton.X, PauseButton.Y);
        await Waiting.Until(() => roost.ListPausesAsync().GetAwaiter().GetResult().Items.Count == 1);
        display.Click(PauseButton.X, PauseButton.Y);
        await Waiting.Until(() => roost.ListPausesAsync().GetAwaiter().GetResult().Items.Count == 0);
        await window.CloseAsync();

        roost.Items().Should().OnlyContain(item => item.Engine == ReadingEngine.Id);
    }

    [Test]
    public async Task A_step_that_runs_when_it_is_closed_is_finished()
    {
        string id = await EnqueueAsync("Emma", 9);
        using var window = new ShownWindow(this);
        await window.UntilShownAsync($"{id} running 1/9");

        await window.CloseAsync();

        Snapshot left = await roost.GetSnapshotAsync(id);
        left.DataAs<Book>().Read.Should().BeInRange(2, 8, "the chapter that was being read is read to its end, and no other is begun");
        string[] kinds = [.. roost.EventsOf(id)];
        kinds.Should().NotContain([EventKinds.StepFailed, EventKinds.Interrupted]);
        (await roost.ListLeasesAsync()).Should().BeEmpty();
        (await roost.ListWorkersAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task The_picture_of_the_guide_is_taken()
    {
        if (Environment.GetEnvironmentVariable("ROOST_SCREENSHOTS") is null) Assert.Ignore("ROOST_SCREENSHOTS=1 takes the pictures of the pages anew.");
        using var window = new ShownWindow(this);
        await window.UntilShownAsync(" 2/6");
        display.Click(AddButton.X, AddButton.Y);
        await Waiting.Until(() => roost.Items().Count == 2);
        display.Click(AddButton.X, AddButton.Y);
        await window.UntilShownAsync(" 5/6");
        await Waiting.Until(() => display.Look().Colours > 10);

        await SaveAsync(SourceTree.PathOf("docs", "pictures", "desktop.png"));

        await window.CloseAsync();
    }

    private async Task<string> EnqueueAsync(string title, int chapters) =>
        await roost.EnqueueAsync(new WorkItem(ReadingEngine.Id, new Book(title, chapters, Block)));

    private async Task<string> SaveAsync(string file)
    {
        await File.WriteAllBytesAsync(file, display.Look().ToPng());
        return file;
    }

    private static int LongestGap(string said) =>
        int.Parse(Regex.Match(said, @"longest gap between two ticks of the window was (\d+) ms").Groups[1].Value, CultureInfo.InvariantCulture);

    /// <summary>The program, and what it says.</summary>
    private sealed class ShownWindow(DesktopTests tests) : IDisposable
    {
        private readonly Process process = tests.display.Show(SampleProcess.Prepare(tests.folder, "desktop", tests.roost.Path));

        /// <summary>Waits until all of these were said, in whatever order.</summary>
        public async Task UntilShownAsync(params string[] parts)
        {
            var missing = parts.ToList();
            while (await process.StandardOutput.ReadLineAsync().WaitAsync(SampleProcess.Patience) is { } line)
            {
                missing.RemoveAll(part => line.Contains(part, StringComparison.Ordinal));
                if (missing.Count == 0) return;
            }
            Assert.Fail($"It ended before it said \"{string.Join("\", \"", missing)}\": {await process.StandardError.ReadToEndAsync()}");
        }

        /// <summary>Tells it to stop, as a session that ends does; what it said last.</summary>
        public async Task<string> CloseAsync()
        {
            await process.SignalAsync("TERM");
            string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(SampleProcess.Patience);
            string error = await process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(SampleProcess.Patience);
            (process.ExitCode, error).Should().Be((0, ""));
            return output.TrimEnd().Split('\n')[^1];
        }

        public void Dispose()
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
        }
    }
}

/// <summary>The sample with a window where there is nothing to show it on.</summary>
[TestFixture]
internal sealed class NoDesktopTests
{
    [Test]
    public async Task Without_a_display_it_says_so_and_ends_with_a_code_of_its_own()
    {
        using var folder = new TemporaryFolder();
        ProcessStartInfo start = SampleProcess.Prepare(folder, "desktop");
        foreach (string name in (string[])["DISPLAY", "WAYLAND_DISPLAY"]) start.Environment[name] = "";
        start.Environment["XDG_RUNTIME_DIR"] = folder.Root;
        using Process process = Process.Start(start)!;

        string error = await process.StandardError.ReadToEndAsync().WaitAsync(SampleProcess.Patience);
        await process.WaitForExitAsync().WaitAsync(SampleProcess.Patience);

        process.ExitCode.Should().Be(3);
        error.Should().MatchRegex("^There is no (GTK 3|display) here: .*\n$");
        Directory.GetFiles(folder.Root).Should().BeEmpty("no file is made where nobody can see it");
    }
}
