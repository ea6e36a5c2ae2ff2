using System.Globalization;

namespace Roost.Stores;

/// <summary>Checks a work item before anything is written, and gives it its stored form.</summary>
internal static class WorkItemCheck
{
    private const int MaxResources = 100;

    /// <summary>The longest delay anywhere: beyond it, something is wrong with the number.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromDays(3653);

    /// <summary>The longest timeout of a step: a timer takes no more.</summary>
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromDays(24);

    public static NewWork Check(WorkItem item, RoostOptions options, DateTimeOffset now)
    {
        Names.CheckExact("Engine", item.Engine);
        Names.CheckExact("Queue", item.Queue);
        if (item.IsIdGiven) Names.Check("Id", item.Id);
        if (item.IdempotencyKey is not null) Names.Check("IdempotencyKey", item.IdempotencyKey);
        if (item.ParentId is not null) Names.Check("ParentId", item.ParentId);
        if (item.Detached && item.ParentId is null)
            throw new InvalidInputException("Detached", "is set without ParentId; name the item that it is a child of.");
        if (item.ResourceHold is not (ResourceHold.Step or ResourceHold.Life))
            throw new InvalidInputException("ResourceHold", $"is {(int)item.ResourceHold}; it must be Step or Life.");
        if (item.MaxAttempts is < 1 or > 1000) throw new InvalidInputException("MaxAttempts", $"is {item.MaxAttempts}; it must be from 1 to 1,000.");
        if (item.MaxSteps is < 1 or > 1_000_000_000) throw new InvalidInputException("MaxSteps", $"is {item.MaxSteps}; it must be from 1 to 1,000,000,000.");
        if (item.Timeout is { } timeout && (timeout < TimeSpan.FromMilliseconds(1) || timeout > MaxTimeout))
            throw new InvalidInputException("Timeout", $"is {timeout}; it must be from 1 ms to 24 days.");
        if (item.Deadline is { } deadline && deadline <= now)
            throw new InvalidInputException(
                "Deadline",
                string.Create(CultureInfo.InvariantCulture, $"{deadline:u} is in the past (it is {now:u}); it must lie ahead.")
            );
        string id = item.IsIdGiven ? item.Id : options.Randomness.NextId(now).ToString();
        (long? moment, long? delay) = Wait(item, now);
        long? due = moment ?? now.ToUnixTimeMilliseconds() + delay;
        if (item.Deadline is { } end && due >= end.ToUnixTimeMilliseconds())
            throw new InvalidInputException(
                "Deadline",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{end:u} is not after {StoredTime.Read(due.Value):u}, before which the item may not run (by its " +
                    $"{(item.Delay is null ? "not_before" : "delay")}); it would fail without having run. Move one of them."
                )
            );
        WorkItem named = item with { Json = options.Json };
        return new(named, id, named.PayloadUtf8(options.MaxJsonBytes), Resources(item), moment) { DelayMs = delay };
    }

    /// <summary>A delay between 0 and ten years, in whole milliseconds rounded up.</summary>
    public static long Milliseconds(string field, TimeSpan delay)
    {
        if (delay < TimeSpan.Zero) throw new InvalidInputException(field, $"is {delay}; it must not be negative.");
        if (delay > MaxDelay) throw new InvalidInputException(field, $"is {delay}; the limit is 10 years ({MaxDelay.TotalDays:N0} days).");
        return (long)Math.Ceiling(delay.TotalMilliseconds);
    }

    private static (long? Due, long? Delay) Wait(WorkItem item, DateTimeOffset now)
    {
        if (item.Delay is not null && item.NotBefore is not null)
            throw new InvalidInputException("Delay", "is given together with not_before; give one of them.");
        if (item.Delay is { } delay)
        {
            long milliseconds = Milliseconds("Delay", delay);
            return (null, milliseconds == 0 ? null : milliseconds);
        }
        if (item.NotBefore is not { } moment || moment <= now) return (null, null);
        Milliseconds("NotBefore", moment - now);
        return (moment.ToUnixTimeMilliseconds(), null);
    }

    private static string[] Resources(WorkItem item)
    {
        if (item.Resources is null)
            throw new InvalidInputException("Resources", "is null; leave it out, or give a list of names.");
        if (item.Resources.Count == 0)
            return [];
        if (item.Resources.Count > MaxResources)
            throw new InvalidInputException("Resources", $"has {item.Resources.Count} names; the limit is {MaxResources}.");
        for (int i = 0; i < item.Resources.Count; i++)
            Names.Check($"Resources[{i}]", item.Resources[i]);
        string[] sorted = [.. item.Resources.Distinct(StringComparer.Ordinal)];
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }
}
