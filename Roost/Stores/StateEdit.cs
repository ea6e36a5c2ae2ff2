namespace Roost.Stores;

/// <summary>A state that somebody has given for a dead letter, checked and written as JSON, ready for the transaction that retries it.</summary>
/// <param name="FromVersion">The version that it was made of: the item must be at it still.</param>
/// <param name="StateVersion">The version of its shape.</param>
/// <param name="Step">The name of the step.</param>
/// <param name="Utf8">The state.</param>
/// <param name="Hash">Its SHA-256.</param>
/// <param name="Told">What the event says.</param>
internal sealed record StateEdit(int FromVersion, int StateVersion, string Step, byte[] Utf8, byte[] Hash, byte[] Told);
