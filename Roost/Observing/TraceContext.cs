using System.Diagnostics;
using System.Text;

namespace Roost.Observing;

/// <summary>
/// Where something came from, as the file keeps it: W3C's <c>traceparent</c> and, behind a space, its <c>tracestate</c> where there is one. Whatever else
/// stands there is no context, and nothing depends on it.
/// </summary>
internal static class TraceContext
{
    private const int ParentLength = 55;
    private const int MostState = 512; // What W3C asks to be passed on; a longer one is left out.

    /// <summary>Of what runs now; null where nothing is traced.</summary>
    public static string? Current => Of(Activity.Current);

    public static string? Of(Activity? activity)
    {
        if (activity is not { IdFormat: ActivityIdFormat.W3C, Id: { Length: ParentLength } parent }) return null;
        return activity.TraceStateString is { Length: > 0 and <= MostState } state && Ascii.IsValid(state) && !state.Contains('\0', StringComparison.Ordinal)
            ? $"{parent} {state}"
            : parent;
    }

    public static bool TryRead(string? stored, out ActivityContext context)
    {
        context = default;
        if (stored is null || stored.Length < ParentLength || (stored.Length > ParentLength && stored[ParentLength] != ' ')) return false;
        string? state = stored.Length > ParentLength + 1 ? stored[(ParentLength + 1)..] : null;
        return ActivityContext.TryParse(stored[..ParentLength], state, isRemote: true, out context) && context.IsValid();
    }

    private static bool IsValid(this ActivityContext context) => context.TraceId != default && context.SpanId != default;
}
