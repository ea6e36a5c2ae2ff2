using System.Diagnostics;

namespace Roost.Observing;

/// <summary>The activity source named <c>Roost</c>. A listener that throws disturbs no work.</summary>
internal static class Spans
{
    private static readonly ActivitySource Source = new("Roost");

    public static bool HasListeners => Source.HasListeners();

    /// <summary>Starts a span, which is the current one until it ends; null where nobody wants it.</summary>
    /// <param name="operation">What is done: the last part of the span's name.</param>
    /// <param name="kind">Of a producer it is part of what runs now; of a consumer the first of a trace of its own.</param>
    /// <param name="tags">What a sampler may decide by.</param>
    /// <param name="links">Where it comes from.</param>
    public static Activity? Start(string operation, ActivityKind kind, IEnumerable<KeyValuePair<string, object?>> tags, IEnumerable<ActivityLink>? links)
    {
        Activity? before = Activity.Current;
        try
        {
            if (kind == ActivityKind.Consumer) Activity.Current = null;
            if (Source.StartActivity($"roost.{operation}", kind, default(ActivityContext), tags, links) is { } started) return started;
        }
        catch (Exception)
        {
            // A listener's own defect.
        }
        Activity.Current = before; // Else what failed to start would be the parent of what comes next.
        return null;
    }

    /// <summary>Ends a span, and what it was within is the current one again.</summary>
    public static void End(Activity? span)
    {
        try
        {
            span?.Dispose();
        }
        catch (Exception)
        {
            // A listener's own defect.
        }
    }

    /// <summary>What has failed, by a name of few.</summary>
    public static void Fail(Activity? span, string errorType, string? message, Exception? error)
    {
        if (span is not { IsAllDataRequested: true }) return;
        span.SetTag(AttributeNames.ErrorType, errorType).SetStatus(ActivityStatusCode.Error, message);
        if (error is null) return;
        try
        {
            span.AddException(error);
        }
        catch (Exception)
        {
            // A listener's own defect.
        }
    }

    /// <summary>Links a span that runs to one more.</summary>
    public static void Link(Activity? span, string? stored, string origin)
    {
        if (span is { IsAllDataRequested: true } && LinkTo(stored, origin) is { } link) span.AddLink(link);
    }

    /// <summary>A link to a stored context, saying what came from there; null where that is none.</summary>
    public static ActivityLink? LinkTo(string? stored, string origin) => TraceContext.TryRead(stored, out ActivityContext context)
        ? new(context, new() { [AttributeNames.Origin] = origin })
        : null;
}
