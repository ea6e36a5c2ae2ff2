using Roost.Samples.Demo;

namespace Roost.Tests.Shown;

/// <summary>A program with windows runs the loop beside them and shows what happens.</summary>
internal sealed class MainWindow : IAsyncDisposable
{
    private readonly RoostRuntime roost;
    private readonly CancellationTokenSource closing = new();
    private readonly List<string> lines = [];
    private Task loop = Task.CompletedTask;

    public MainWindow(string file)
    {
        roost = new RoostRuntime(file);
        roost.AddEngine(new DemoEngine());
    }

    public void Open() => loop = roost.RunAsync(closing.Token);

    public async Task OnButtonAsync()
    {
        string id = await roost.EnqueueAsync(new WorkItem("demo", new { count_to = 3 }));
        await foreach (WorkEvent happened in roost.WatchEventsAsync(id))
        {
            lines.Add($"{happened.At:T} {happened.Kind}"); // Back on the thread of the window, where there is one.
            if (happened.Kind == "done") break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await loop; // Running steps finish, within DrainTime.
        await roost.DisposeAsync();
        closing.Dispose();
    }

    public int Shown => lines.Count;
}

/// <summary>Opens the window, presses the button and closes it.</summary>
internal static class Desktop
{
    public static async Task AButtonAsync(string file)
    {
        await using var window = new MainWindow(file);
        window.Open();
        await window.OnButtonAsync();
        window.Shown.Should().BeGreaterThan(3);
    }

    public static async Task ATimerAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new DemoEngine());
        await roost.EnqueueAsync(new WorkItem("demo", new { count_to = 3 }));

        WorkSummary? stepped = await roost.StepOnceAsync(); // Null where there is nothing to step now.

        stepped.Should().NotBeNull();
    }
}
