namespace Roost.Samples.Desktop;

/// <summary>Roost behind a window: steps run on the thread pool, and what they do comes to the window's own thread.</summary>
internal static class DesktopDemonstration
{
    /// <exception cref="NoDesktopException">There is no GTK, or no display that it can open.</exception>
    public static void Run(string file, TextWriter output, CancellationToken stop)
    {
        Gtk.Start();
        UiThread.Run(async () =>
        {
            await using var roost = new RoostRuntime(file);
            roost.AddEngine(new ReadingEngine());
            await new ReadingWindow(roost, output).RunAsync(stop);
        });
    }
}
