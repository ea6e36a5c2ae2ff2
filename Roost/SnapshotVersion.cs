namespace Roost;

/// <summary>One kept version in the history of a work item's state.</summary>
/// <param name="Version">The version; 1 is the first snapshot.</param>
/// <param name="Step">The engine's name for where it was.</param>
/// <param name="StateVersion">The version of the state's shape.</param>
/// <param name="At">When it was committed.</param>
/// <param name="Delay">The delay that the step asked for before the next one.</param>
/// <param name="Size">The size of the state in bytes of UTF-8 JSON.</param>
public sealed record SnapshotVersion(int Version, string Step, int StateVersion, DateTimeOffset At, TimeSpan Delay, long Size);
