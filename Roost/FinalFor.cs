using System.Reflection;

namespace Roost;

/// <summary>
/// The mark of an error with which a step of one item ends for good, because the program and not the world is wrong: no further try can help. It
/// stands on what Roost itself refused of that step; what the same calls refuse elsewhere, or an engine throws of its own, has no such mark.
/// </summary>
/// <param name="WorkId">The item whose step it is.</param>
/// <param name="Reason">What its dead letter has as its reason: one of <see cref="FailReasons"/>.</param>
internal sealed record FinalFor(string WorkId, string Reason = FailReasons.InvalidStep)
{
    private const int MostWrappers = 16;

    /// <summary>The mark for this item on an exception, or on the one within what a task or a call by reflection puts around it; else null.</summary>
    public static FinalFor? Of(Exception exception, string workId)
    {
        Exception? within = exception;
        for (int i = 0; i < MostWrappers && within is not null; i++)
        {
            if (within is RoostException { Final: { } final }) return final.WorkId == workId ? final : null;
            within = within switch
            {
                AggregateException { InnerExceptions: [var only] } => only,
                TargetInvocationException => within.InnerException,
                _ => null,
            };
        }
        return null;
    }
}
