using System.Diagnostics;
using System.Diagnostics.Metrics;
using Roost.Observing;

namespace Roost.Sqlite.Files;

/// <summary>
/// What a transaction does, for whoever measures: told once it has landed, and dropped with what is rolled back. Where nobody listens nothing is gathered.
/// What lands in doubt is not told.
/// </summary>
internal sealed class Measured(string path)
{
    private readonly record struct Occurrence(Instrument Instrument, string Engine, string? Attribute, string? Value, string? Error, double Seconds);

    private readonly List<Occurrence> pending = [];

    /// <summary>How many there are, for <see cref="DropTo"/>.</summary>
    public int Mark => pending.Count;

    /// <summary>The engine of a lane.</summary>
    public Func<long, string> EngineOf { private get; set; } = static _ => "";

    public void Enqueued(long lane) => Count(Meters.Enqueued, lane);

    public void Ended(long lane, WorkState state, string? reason) => Count(Meters.Ends, lane, AttributeNames.State, state.Name(), reason);

    public void Retried(long lane, string reason) => Count(Meters.Retries, lane, AttributeNames.Reason, reason);

    public void Interrupted(long lane) => Count(Meters.Interruptions, lane);

    public void Waited(long lane, string cause, long milliseconds)
    {
        if (Meters.Waits.Enabled) pending.Add(new(Meters.Waits, EngineOf(lane), AttributeNames.Cause, cause, null, Math.Max(0, milliseconds) / 1000.0));
    }

    public void DropTo(int mark) => pending.RemoveRange(mark, pending.Count - mark);

    /// <summary>The transaction has landed.</summary>
    public void Tell()
    {
        if (pending.Count == 0) return;
        string file = OpenFiles.NameOf(path);
        foreach (Occurrence each in pending)
        {
            var tags = new TagList { { AttributeNames.File, file }, { AttributeNames.Engine, each.Engine } };
            if (each.Attribute is not null) tags.Add(each.Attribute, each.Value);
            if (each.Error is not null) tags.Add(AttributeNames.ErrorType, each.Error);
            if (each.Instrument is Counter<long> counter) Meters.Count(counter, tags);
            else Meters.Record((Histogram<double>)each.Instrument, each.Seconds, tags);
        }
        pending.Clear();
    }

    private void Count(Counter<long> counter, long lane, string? attribute = null, string? value = null, string? error = null)
    {
        if (counter.Enabled) pending.Add(new(counter, EngineOf(lane), attribute, value, error, 0));
    }
}
