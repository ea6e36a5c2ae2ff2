using System.Diagnostics;

namespace Roost.Observing;

/// <summary>A producer's span around what enqueues, signals or answers; asked for only where somebody listens.</summary>
internal static class Sending
{
    public static async Task<T> AroundAsync<T>(
        string operation, string file, Action<Activity> describe, Func<Activity?, Task<T>> send, Action<Activity, T> tell)
    {
        Activity? span = Spans.Start(operation, ActivityKind.Producer, Basics(operation, "send", file), null);
        try
        {
            if (span is { IsAllDataRequested: true }) describe(span);
            T result = await send(span).ConfigureAwait(false);
            if (span is { IsAllDataRequested: true }) tell(span, result);
            return result;
        }
        catch (Exception e)
        {
            Spans.Fail(span, e.GetType().FullName!, e.Message, null);
            throw;
        }
        finally
        {
            Spans.End(span);
        }
    }

    /// <summary>What every span says.</summary>
    public static KeyValuePair<string, object?>[] Basics(string operation, string type, string file) =>
    [
        new(AttributeNames.System, "roost"), new(AttributeNames.OperationName, operation), new(AttributeNames.OperationType, type),
        new(AttributeNames.File, file),
    ];

    /// <summary>What is done to which queue: the name that a span is shown by.</summary>
    public static void Name(Activity span, string operation, string queue)
    {
        span.DisplayName = $"{operation} {queue}";
        span.SetTag(AttributeNames.Queue, queue);
    }
}
