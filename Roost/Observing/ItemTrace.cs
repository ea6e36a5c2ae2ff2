using System.Diagnostics;

namespace Roost.Observing;

/// <summary>What is known of the trace of an item that is leased here.</summary>
/// <param name="origin">The context that the file keeps of it.</param>
internal sealed class ItemTrace(string? origin)
{
    public string? Origin => origin;

    /// <summary>The span of the step that runs.</summary>
    public Activity? Step { get; set; }

    /// <summary>What the step starts or sends goes back to it; where it is not traced itself, to whoever enqueued the item.</summary>
    public string? ToPassOn => TraceContext.Of(Step) ?? origin;
}
