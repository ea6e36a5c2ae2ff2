namespace Roost.Stores;

/// <summary>Items of one engine in one queue whose state has one version: what a worker serves, or leaves alone. State version 0: no snapshot yet.</summary>
internal sealed record Lane(long Key, string Engine, string Queue, int StateVersion);
