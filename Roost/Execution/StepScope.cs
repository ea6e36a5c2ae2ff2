using System.Collections;
using System.Globalization;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>What a log line that is written while a step runs, by the engine or by Roost, says beside itself.</summary>
internal sealed class StepScope(LeasedWork lease) : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly int version = lease.Version, attempt = lease.Failures + 1; // The lease goes on to the next step.

    public int Count => 4;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("WorkId", lease.Item.Id),
        1 => new("Engine", lease.Item.Engine),
        2 => new("Version", version),
        3 => new("Attempt", attempt),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (int i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"WorkId:{lease.Item.Id} Engine:{lease.Item.Engine} Version:{version} Attempt:{attempt}");
}
