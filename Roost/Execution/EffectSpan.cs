using System.Diagnostics;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>A span around each effect of a step, within the step's; asked for only where somebody listens.</summary>
internal static class EffectSpan
{
    private const string Operation = "effect";

    public static Activity? Start(LeasedWork lease, EffectPlace place, string path)
    {
        KeyValuePair<string, object?>[] tags =
        [
            new(AttributeNames.File, OpenFiles.NameOf(path)), new(AttributeNames.WorkId, lease.Item.Id),
            new(AttributeNames.Engine, lease.Lane.Engine), new(AttributeNames.Version, lease.Version), new(AttributeNames.Attempt, lease.Failures + 1),
            new(AttributeNames.Effect, place.Path),
        ];
        Activity? span = Spans.Start(Operation, ActivityKind.Internal, tags, null);
        if (span is { IsAllDataRequested: true }) span.DisplayName = $"{Operation} {place.Name}";
        return span;
    }
}
