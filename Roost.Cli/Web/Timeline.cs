using System.Text.Json;

namespace Roost.Cli.Web;

/// <summary>One try of a step: how long the item waited before it, how long it ran, and in which worker.</summary>
public sealed record TimelineRow(string Label, string Outcome, DateTimeOffset From, TimeSpan Waited, TimeSpan? Ran, string? Worker, string? Detail)
{
    public DateTimeOffset To => From + Waited + (Ran ?? TimeSpan.Zero);
}

/// <summary>Reads from an item's events when it waited and when it ran.</summary>
internal static class Timeline
{
    public static IReadOnlyList<TimelineRow> Of(IReadOnlyList<WorkEvent> events, bool runs, DateTimeOffset now)
    {
        var rows = new List<TimelineRow>();
        DateTimeOffset? waiting = null, running = null;
        string? worker = null;
        for (int i = 0; i < events.Count; i++)
        {
            WorkEvent one = events[i];
            switch (one.Kind)
            {
                case EventKinds.Enqueued or EventKinds.Retried:
                    waiting = one.At;
                    break;
                case EventKinds.Claimed:
                    running = one.At;
                    waiting ??= one.At;
                    worker = Text(one.Data, "worker");
                    break;
                case EventKinds.Stepped:
                    End(one, Step(one.Data), "ok");
                    // Without a delay the worker goes on at once, unless the item was claimed anew.
                    if (!Has(one.Data, "delay_ms") && NextOf(events, i) is not EventKinds.Claimed and not null) running = waiting;
                    break;
                case EventKinds.StepFailed or EventKinds.RetryAfter or EventKinds.Interrupted or EventKinds.Released:
                    End(one, one.Kind.Replace('_', ' '), one.Kind is EventKinds.Released or EventKinds.RetryAfter ? "released" : "bad");
                    break;
                case EventKinds.Done or EventKinds.Failed or EventKinds.Cancelled or EventKinds.Discarded:
                    if (waiting is not null) End(one, one.Kind, one.Kind == EventKinds.Done ? "ok" : "bad");
                    waiting = null;
                    break;
            }
        }
        if (runs) running ??= waiting;
        if (waiting is { } from)
            rows.Add(
                running is { } start
                    ? new("running", "now", from, start - from, now - start, worker, null)
                    : new("waiting", "wait", from, now - from, null, null, null)
            );
        return rows;

        void End(WorkEvent one, string label, string outcome)
        {
            DateTimeOffset from = waiting ?? running ?? one.At,
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
            waiting = one.At;
            running = null;
        }
    }

    private static string? NextOf(IReadOnlyList<WorkEvent> events, int i)
    {
        for (int next = i + 1; next < events.Count; next++)
            if (
                events[next].Kind
                is EventKinds.Claimed
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

    private static bool Has(JsonElement? data, string name) => data is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out _);

    private static string? Text(JsonElement? data, string name) =>
        data is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
