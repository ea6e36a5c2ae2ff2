using System.Diagnostics;

namespace Roost.Samples.Desktop;

/// <summary>Ticks on the thread of the window, and knows the longest time in which that did nothing.</summary>
internal sealed class Heartbeat
{
    private const uint EveryMilliseconds = 10;

    private readonly Gtk.Called tick; // GTK holds its address alone.
    private readonly Action onLonger;
    private long last;

    public Heartbeat(Action onLonger)
    {
        tick = Tick;
        this.onLonger = onLonger;
    }

    public TimeSpan LongestGap { get; private set; }

    public void Start()
    {
        last = Stopwatch.GetTimestamp();
        _ = Gtk.Every(EveryMilliseconds, tick, 0);
    }

    private bool Tick(nint data)
    {
        TimeSpan gap = Stopwatch.GetElapsedTime(last);
        last = Stopwatch.GetTimestamp();
        if (gap > LongestGap)
        {
            LongestGap = gap;
            onLonger();
        }
        return true;
    }
}
