namespace Roost.Benchmarks;

/// <summary>Something that does the counter work, and what its setting guarantees.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Guarantee">In words: what survives, and whether the steps of one item are kept apart.</param>
/// <param name="IsDurable">Whether a step that was reported is there after a power cut.</param>
/// <param name="WorkAsync">Does so many items of so many steps and tells how long the steps took.</param>
internal sealed record Rival(string Name, string Guarantee, bool IsDurable, Func<int, int, Task<TimeSpan>> WorkAsync);
