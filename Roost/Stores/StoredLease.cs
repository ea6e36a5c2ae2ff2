namespace Roost.Stores;

/// <summary>A lease as the file has it, and whether its item is to be cancelled.</summary>
internal readonly record struct StoredLease(long Work, long Token, bool CancelRequested);
