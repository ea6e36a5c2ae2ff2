namespace Roost.Stores;

/// <summary>Which finished work a purge removes: lanes by engine, states, and the moment at or before which it has ended.</summary>
internal sealed record PurgeScope(string? Engine, IReadOnlyList<WorkState> States, long Before);
