using System.Globalization;
using System.Text.Json;

namespace Roost.AspNetCore;

/// <summary>
/// Reads from an item's events what it did from its creation to its end, or to now: segments without gaps and overlaps. Where the events do not tell, as those
/// of an older Roost do not tell delays of an enqueue and names that were busy, the segment says so, unless that is how the item stands now.
/// </summary>
internal sealed class Life
{
    private const long MostMilliseconds = 10L * 366 * 24 * 3600 * 1000;

    private readonly LifeFacts facts;
    private readonly List<LifeSegment> segments = [];
    private Mode mode = Mode.Unknown;
    private DateTimeOffset at;

    // While it is queued: until when it is held up and as what, and whether it is ready after that.
    private DateTimeOffset? heldUntil;
    private LifeKind heldAs;
    private bool isTold, isBlocked;

    private string? worker, waitsFor;

    private enum Mode
    {
        Unknown,
        Queued,
        Running,
        Waiting,
        Dead,
        Over,
    }

    private Life(LifeFacts facts) => (this.facts, at) = (facts, facts.CreatedAt);

    /// <param name="events">The item's events in their order; the earliest may be missing.</param>
    /// <param name="facts">Read before the events.</param>
    /// <param name="now">The time, for what goes on.</param>
    public static IReadOnlyList<LifeSegment> Of(IReadOnlyList<WorkEvent> events, LifeFacts facts, DateTimeOffset now)
    {
        var life = new Life(facts);
        for (int i = 0; i < events.Count; i++) life.Read(events[i], NextOf(events, i));
        life.Finish(now);
        return life.segments;
    }

    private void Read(WorkEvent one, string? next)
    {
        DateTimeOffset time = one.At > at ? one.At : at; // The clock may have been set back.
        switch (one.Kind)
        {
            case EventKinds.Enqueued:
                Close(time);
                Queue(Milliseconds(one.Data, "delay_ms"), LifeKind.Delayed, isTold: Has(one.Data, "delay_ms"));
                break;
            case EventKinds.Retried:
                Close(time);
                Queue();
                break;
            case EventKinds.Requeued when mode == Mode.Queued:
                Add(heldAs, time);
                Queue();
                break;
            case EventKinds.Blocked when mode == Mode.Queued:
                if (!isBlocked) CloseAsReady(time, TimeSpan.Zero);
                Add(LifeKind.Blocked, time);
                isBlocked = true;
                break;
            case EventKinds.Claimed:
                if (mode == Mode.Queued && Milliseconds(one.Data, "ready_ms") is { } ready) CloseAsReady(time, ready);
                Close(time);
                Run(Text(one.Data, "worker"));
                break;
            case EventKinds.Waiting:
                if (Text(one.Data, "effect") is { } effect) Close(time, "asked", "released", $"whether effect {effect} has happened");
                else Close(time);
                (mode, waitsFor) = (Mode.Waiting, Names(one.Data));
                break;
            case EventKinds.Woken:
                if (mode == Mode.Waiting) waitsFor += $": {HowWoken(one.Data)}";
                Close(time);
                Queue();
                break;
            case EventKinds.Stepped:
                Close(time, Step(one.Data), "ok");
                if (Has(one.Data, "delay_ms")) Queue(Milliseconds(one.Data, "delay_ms"), LifeKind.Delayed);
                // Without a delay the worker goes on at once, unless the item waits or was claimed anew.
                else if (next is EventKinds.Claimed or EventKinds.Waiting or null) Queue();
                else Run(worker);
                break;
            case EventKinds.StepFailed:
                Close(time, "step failed", "bad", WhyOf(one));
                Queue(Milliseconds(one.Data, "backoff_ms"), LifeKind.Backoff);
                break;
            case EventKinds.RetryAfter:
                Close(time, "retry after", "released", WhyOf(one));
                Queue(Milliseconds(one.Data, "delay_ms"), LifeKind.Backoff);
                break;
            case EventKinds.Interrupted:
                Close(time, one.Kind, "bad");
                // From the second on it is held up.
                Queue(Milliseconds(one.Data, "backoff_ms"), LifeKind.Backoff, isTold: Has(one.Data, "backoff_ms") || Number(one.Data, "interruptions") < 2);
                break;
            case EventKinds.Released:
                Close(time, one.Kind, "released");
                Queue();
                break;
            case EventKinds.Done or EventKinds.Failed or EventKinds.Cancelled or EventKinds.Discarded when mode != Mode.Over:
                if (mode == Mode.Waiting)
                {
                    Close(time);
                    Queue();
                }
                Close(time, one.Kind, one.Kind == EventKinds.Done ? "ok" : "bad", WhyOf(one));
                mode = one.Kind == EventKinds.Failed ? Mode.Dead : Mode.Over;
                break;
        }
    }

    private void Finish(DateTimeOffset now)
    {
        DateTimeOffset end = facts.EndedAt ?? now;
        if (end < at) end = at;
        bool isOpen = facts.EndedAt is null;
        if (mode == Mode.Queued && facts.State == WorkState.Running) mode = Mode.Running; // Its lease was kept.
        switch (mode)
        {
            case Mode.Unknown when end > at:
                segments.Add(new(LifeKind.Unknown, at, end, isOpen));
                break;
            case Mode.Running:
                segments.Add(new(LifeKind.Running, at, end, isOpen) { End = "running", Outcome = "now", Worker = worker });
                break;
            case Mode.Waiting:
                segments.Add(new(LifeKind.Waiting, at, end, isOpen) { Detail = waitsFor });
                break;
            case Mode.Queued:
                CloseQueue(end, isLast: true);
                segments[^1] = segments[^1] with { IsOpen = isOpen };
                break;
        }
    }

    private void Queue(TimeSpan? held = null, LifeKind heldAs = LifeKind.Ready, bool isTold = true) =>
        (mode, heldUntil, this.heldAs, this.isTold, isBlocked) = (Mode.Queued, held is { } time ? at + time : null, heldAs, isTold, false);

    private void Run(string? by) => (mode, worker) = (Mode.Running, by);

    /// <summary>Ends what it did until now.</summary>
    /// <param name="to">When.</param>
    /// <param name="end">What ended it, where that was the end of a try or of the item.</param>
    /// <param name="outcome">How that was.</param>
    /// <param name="why">Why.</param>
    private void Close(DateTimeOffset to, string? end = null, string? outcome = null, string? why = null)
    {
        int before = segments.Count;
        switch (mode)
        {
            case Mode.Queued:
                CloseQueue(to, isLast: false);
                break;
            case Mode.Running:
                segments.Add(new(LifeKind.Running, at, to) { Worker = worker });
                break;
            case Mode.Waiting:
                segments.Add(new(LifeKind.Waiting, at, to) { Detail = waitsFor });
                break;
            default:
                Add(mode == Mode.Dead ? LifeKind.DeadLetter : LifeKind.Unknown, to);
                break;
        }
        at = to;
        if (end is null) return;
        if (segments.Count == before) segments.Add(new(mode == Mode.Queued ? After : LifeKind.Unknown, to, to));
        segments[^1] = segments[^1] with { End = end, Outcome = outcome, Detail = why };
    }

    /// <summary>What a queued item is once it is held up no more.</summary>
    private LifeKind After => isTold && !facts.HasResources ? LifeKind.Ready : LifeKind.Queued;

    private void CloseQueue(DateTimeOffset to, bool isLast)
    {
        int before = segments.Count;
        if (isLast && facts.IsDelayed) Add(heldAs == LifeKind.Ready ? LifeKind.Delayed : heldAs, to);
        if (heldUntil is { } until) Add(heldAs, until < to ? until : to);
        if (isLast && facts.IsBlocked)
        {
            if (!isBlocked) Add(LifeKind.Queued, facts.UpdatedAt < to ? facts.UpdatedAt : to);
            Add(LifeKind.Blocked, to);
        }
        if (isLast && facts.ReadySince is { } ready)
        {
            Add(isBlocked ? LifeKind.Blocked : facts.HasResources ? LifeKind.Queued : heldAs, ready < to ? ready : to);
            Add(LifeKind.Ready, to);
        }
        Add(After, to);
        if (isLast && segments.Count == before) segments.Add(new(facts.ReadySince is null ? After : LifeKind.Ready, at, to));
    }

    /// <summary>Ends the time of a queued item that is known to have been ready at its end, and for how long.</summary>
    private void CloseAsReady(DateTimeOffset to, TimeSpan ready)
    {
        DateTimeOffset since = to - ready;
        if (heldUntil is { } until) Add(heldAs, until < to ? until : to);
        if (ready > TimeSpan.Zero && since > at) Add(isBlocked ? LifeKind.Blocked : LifeKind.Queued, since);
        Add(isBlocked && ready == TimeSpan.Zero ? LifeKind.Blocked : LifeKind.Ready, to);
    }

    private void Add(LifeKind kind, DateTimeOffset to)
    {
        if (to <= at) return;
        segments.Add(new(kind, at, to));
        at = to;
    }

    private static string? NextOf(IReadOnlyList<WorkEvent> events, int i)
    {
        for (int next = i + 1; next < events.Count; next++)
            if (events[next].Kind is EventKinds.Claimed or EventKinds.Waiting or EventKinds.Stepped or EventKinds.StepFailed or EventKinds.RetryAfter
                or EventKinds.Interrupted or EventKinds.Released or EventKinds.Done or EventKinds.Failed or EventKinds.Cancelled)
                return events[next].Kind;
        return null;
    }

    private static string Step(JsonElement? data) =>
        data is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("version", out JsonElement version)
            ? $"v{version} {Text(data, "step")}"
            : "step";

    private static string HowWoken(JsonElement? data) => Text(data, "by") switch
    {
        "timeout" => "its time was over",
        "answer" => "answered",
        "withdrawn" => "the question was withdrawn",
        "signal" => "woken by its signal",
        "children" => "woken by its children",
        { } by => $"woken by {by}",
        null => "woken",
    };

    /// <summary>What a wait was for.</summary>
    private static string Names(JsonElement? data)
    {
        string[] things =
        [
            .. Text(data, "ask") is null ? (string[])[] : ["an answer"],
            .. data is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("signals", out JsonElement names)
                && names.ValueKind == JsonValueKind.Array
                ? names.EnumerateArray().Select(name => name.ToString())
                : [],
            .. Children(data) is { } children ? (string[])[children] : [],
        ];
        return things.Length == 0 ? "for a time" : $"for {string.Join(" or ", things)}";
    }

    private static string? Children(JsonElement? data)
    {
        string? what = Text(data, "children") is not null ? "all children" : Number(data, "children") switch
        {
            null => null,
            1 => "any child",
            { } ends => string.Create(CultureInfo.InvariantCulture, $"at least {ends:N0} children"),
        };
        return what is not null && Has(data, "or_failure") ? $"{what} or the failure of one" : what;
    }

    private static string? WhyOf(WorkEvent one) => Text(one.Data, "message") ?? Text(one.Data, "why");

    private static bool Has(JsonElement? data, string name) => data is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out _);

    private static long? Number(JsonElement? data, string name) =>
        data is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out long number) ? number : null;

    /// <summary>At most ten years, as a delay is, whatever a damaged event says.</summary>
    private static TimeSpan? Milliseconds(JsonElement? data, string name) =>
        Number(data, name) is { } number ? TimeSpan.FromMilliseconds(Math.Clamp(number, 0, MostMilliseconds)) : null;

    private static string? Text(JsonElement? data, string name) =>
        data is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
