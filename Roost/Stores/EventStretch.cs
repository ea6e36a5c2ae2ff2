
namespace Roost.Stores;

/// <summary>A page of events; what comes later is read after <see cref="UpTo"/>.</summary>
/// <param name="Events">In their order.</param>
/// <param name="UpTo">The number that was looked at last.</param>
/// <param name="IsCut">Whether there may be more already.</param>
internal sealed record EventStretch(IReadOnlyList<WorkEvent> Events, long UpTo, bool IsCut);
