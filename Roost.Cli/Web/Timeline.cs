using System.Text.Json;

namespace Roost.Cli.Web;

/// <summary>
/// One try of a step: how long the item was queued before it, how long it ran, and in which worker. Or a wait for a signal or a time, which is none.
/// </summary>
public sealed record TimelineRow(string Label, string Outcome, DateTimeOffset From, TimeSpan Waited, TimeSpan? Ran, string? Worker, string? Detail)
{
    public DateTimeOffset To => From + Waited + (Ran ?? TimeSpan.Zero);
}

/// <summary>Reads from an item's events when it was queued, when it waited and when it ran.</summary>
internal static class Timeline
{
    /// <summary>The outcome of a row that is a wait.</summary>
    public const string Wait = "waiting";

    public static IReadOnlyList<TimelineRow> Of(IReadOnlyList<WorkEvent> events, bool runs, DateTimeOffset now)
    {
        var rows = new List<TimelineRow>();
        DateTimeOffset? queued = null, running = null, waiting = null;
        string? worker = null, waitedFor = null;
        for (int i = 0; i < events.Count; i++)
        {
            WorkEvent one = events[i];
            switch (one.Kind)
            {
                case EventKinds.Enqueued or EventKinds.Retried:
                    queued = one.At;
                    break;
                case EventKinds.Claimed:
                    running = one.At;
                    queued ??= one.At;
                    worker = Text(one.Data, "worker");
                    break;
                case EventKinds.Waiting:
                    (queued, waiting, waitedFor) = (null, one.At, Names(one.Data));
                    break;
                case EventKinds.Woken:
                    EndWait(one, Text(one.Data, "by") switch
                    {
                        "timeout" => "its time was over",
                        "answer" => "answered",
                        "withdrawn" => "the question was withdrawn",
                        _ => "woken by its signal",
                    });
                    break;
                case EventKinds.Stepped:
                    End(one, Step(one.Data), "ok");
                    // Without a delay the worker goes on at once, unless the item waits or was claimed anew.
                    if (!Has(one.Data, "delay_ms") && NextOf(events, i) is not (EventKinds.Claimed or EventKinds.Waiting or null)) running = queued;
                    break;
                case EventKinds.StepFailed or EventKinds.RetryAfter or EventKinds.Interrupted or EventKinds.Released:
                    End(one, one.Kind.Replace('_', ' '), one.Kind is EventKinds.Released or EventKinds.RetryAfter ? "released" : "bad");
                    break;
                case EventKinds.Done or EventKinds.Failed or EventKinds.Cancelled or EventKinds.Discarded:
                    if (waiting is not null) EndWait(one, null);
                    if (queued is not null) End(one, one.Kind, one.Kind == EventKinds.Done ? "ok" : "bad");
                    queued = null;
                    break;
            }
        }
        if (runs) running ??= queued;
        if (waiting is { } since) rows.Add(new("waiting", Wait, since, now - since, null, null, waitedFor));
        if (queued is { } from)
            rows.Add(
                running is { } start
                    ? new("running", "now", from, start - from, now - start, worker, null)
                    : new("queued", "wait", from, now - from, null, null, null)
            );
        return rows;

        void End(WorkEvent one, string label, string outcome)
        {
            DateTimeOffset from = queued ?? running ?? one.At,
                start = running ?? one.At;
            rows.Add(
                new(
                    label,
                    outcome,
                    from,
                    start - from,
                    running is null ? null : one.At - start,
                    running is null ? null : worker,
                    Text(one.Data, "message") ?? Text(one.Data, "why")
                )
            );
            queued = one.At;
            running = null;
        }

        void EndWait(WorkEvent one, string? how)
        {
            // Its beginning may be older than the events that are looked at.
            if (waiting is { } from) rows.Add(new("waited", Wait, from, one.At - from, null, null, how is null ? waitedFor : $"{waitedFor}: {how}"));
            (queued, waiting) = (one.At, null);
        }
    }

    private static string? NextOf(IReadOnlyList<WorkEvent> events, int i)
    {
        for (int next = i + 1; next < events.Count; next++)
            if (
                events[next].Kind
                is EventKinds.Claimed
                    or EventKinds.Waiting
                    or EventKinds.Stepped
                    or EventKinds.StepFailed
                    or EventKinds.RetryAfter
                    or EventKinds.Interrupted
                    or EventKinds.Released
                    or EventKinds.Done
                    or EventKinds.Failed
                    or EventKinds.Cancelled
            )
                return events[next].Kind;
        return null;
    }

    private static string Step(JsonElement? data) =>
        data is { } json && json.TryGetProperty("version", out JsonElement version) ? $"v{version} {Text(data, "step")}" : "step";

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
        ];
        return things.Length == 0 ? "for a time" : $"for {string.Join(" or ", things)}";
    }

    private static bool Has(JsonElement? data, string name) => data is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out _);

    private static string? Text(JsonElement? data, string name) =>
        data is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
