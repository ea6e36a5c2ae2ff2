using System.Globalization;
using System.Text.Json;

namespace Roost.Samples.Desktop;

/// <summary>Shows each item as a bar that grows with its steps. All of it runs on the thread of the window; the steps do not.</summary>
internal sealed class ReadingWindow
{
    private const int Vertical = 1, Horizontal = 0, Spacing = 8, BlockMilliseconds = 500, Chapters = 6;
    private const uint Border = 12;

    private readonly RoostRuntime roost;
    private readonly TextWriter output;
    private readonly TaskCompletionSource closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, nint> bars = [];
    private readonly Heartbeat heartbeat;
    private readonly nint window, rows, pause, add, line;
    private readonly Gtk.Clicked onAdd, onPause;
    private readonly Gtk.Deleting onDelete;
    private bool isPaused;
    private int shown, books;

    public ReadingWindow(RoostRuntime roost, TextWriter output)
    {
        this.roost = roost;
        this.output = output;
        (onAdd, onPause, onDelete) = ((_, _) => Watch(AddAsync()), (_, _) => Watch(PauseAsync()), (_, _, _) => closing.TrySetResult() || true);
        heartbeat = new(ShowLine);
        window = Gtk.Window(0);
        rows = Gtk.Box(Vertical, Spacing);
        nint buttons = Gtk.Box(Horizontal, Spacing);
        (add, pause, line) = (Gtk.Button("Read a book"), Gtk.Button("Pause"), Gtk.Label(""));
        Gtk.SetTitle(window, "Roost");
        Gtk.SetSize(window, 480, 200);
        Gtk.SetBorder(window, Border);
        foreach (nint widget in (nint[])[add, pause, line]) Gtk.Add(buttons, widget);
        Gtk.Add(rows, buttons);
        Gtk.Add(window, rows);
        Gtk.OnClick(add, onAdd);
        Gtk.OnClick(pause, onPause);
        Gtk.OnDelete(window, onDelete);
    }

    /// <summary>Until the window is closed or the program is told to stop, and what runs then has had its time.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        isPaused = (await roost.GetCountsAsync(stop)).Pauses.Any(it => it.Target == PauseTarget.Engine(ReadingEngine.Id));
        Gtk.Show(window);
        heartbeat.Start();
        ShowPause();

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using CancellationTokenRegistration onStop = stop.Register(() => closing.TrySetResult());
        Task loop = roost.RunAsync(stopping.Token), news = FollowAsync(stopping.Token);
        await await Task.WhenAny(closing.Task, loop, news);

        foreach (nint button in (nint[])[add, pause]) Gtk.SetEnabled(button, false);
        Gtk.SetText(line, "Finishing the chapters that are being read.");
        await stopping.CancelAsync();
        await loop; // Running steps finish, within DrainTime.
        await news;
        output.WriteLine($"Closed. {shown} steps were shown, and the longest gap between two ticks of the window was {Longest}.");
    }

    /// <summary>Shows what there is, and then whatever happens, whichever process makes it happen.</summary>
    private async Task FollowAsync(CancellationToken stop)
    {
        try
        {
            long seen = await roost.GetLastSequenceAsync(stop);
            IReadOnlyList<WorkSummary> items = (await roost.ListAsync(new() { Engine = ReadingEngine.Id }, cancellationToken: stop)).Items;
            foreach (WorkSummary item in items) await ShowAsync(item.Id, stop);
            books = items.Count;
            if (books == 0) await AddAsync();
            var mine = new EventFilter { Engine = ReadingEngine.Id };
            await foreach (WorkEvent happened in roost.WatchEventsAsync(mine, seen, stop))
            {
                if (happened.Kind == EventKinds.Stepped) shown++;
                if (happened.WorkId is { } id) await ShowAsync(id, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The window closes.
        }
    }

    private async Task ShowAsync(string id, CancellationToken stop)
    {
        WorkDetail item = await roost.GetAsync(id, stop);
        Book book = item.Snapshot?.DataAs<Book>() ?? item.Payload.Deserialize<Book>(RoostJson.Default)!;
        if (!bars.TryGetValue(id, out nint bar))
        {
            bars[id] = bar = Gtk.Bar();
            Gtk.ShowText(bar, true);
            Gtk.Add(rows, bar);
            Gtk.Show(bar);
        }
        Gtk.SetFraction(bar, (double)book.Read / book.Chapters);
        Gtk.SetBarText(bar, $"{book.Title}: {book.Read} of {book.Chapters} chapters, {item.Summary.State.Name()}");
        output.WriteLine($"{id} {item.Summary.State.Name()} {book.Read}/{book.Chapters}");
    }

    private Task<EnqueueResult> AddAsync() => roost.EnqueueAsync(new WorkItem(ReadingEngine.Id, new Book($"Book {++books}", Chapters, BlockMilliseconds)));

    private async Task PauseAsync()
    {
        PauseTarget target = PauseTarget.Engine(ReadingEngine.Id);
        isPaused = !isPaused; // Before anything is awaited: the next click means what the button says by then.
        ShowPause();
        if (isPaused) await roost.PauseAsync(target, "the button was pressed", "the window");
        else await roost.ResumeAsync(target, "the window");
    }

    private void ShowPause() => Gtk.SetButton(pause, isPaused ? "Go on" : "Pause");

    private string Longest => string.Create(CultureInfo.InvariantCulture, $"{heartbeat.LongestGap.TotalMilliseconds:0} ms");

    private void ShowLine() => Gtk.SetText(line, $"longest stall of this window: {Longest}");

    /// <summary>What a button has begun; its failure ends the program.</summary>
    private void Watch(Task begun) => begun.ContinueWith(
        failed => closing.TrySetException(failed.Exception!.InnerExceptions), default, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
