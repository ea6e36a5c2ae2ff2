namespace Roost.Stores;

/// <summary>Checks what a step waits for, and what is sent to it, before anything is written.</summary>
internal static class WaitCheck
{
    private const int MaxNames = 100;

    /// <param name="wait">As the step gives it.</param>
    /// <param name="where">Engine, item and version, for the message.</param>
    public static WaitFor Check(Wait? wait, string where)
    {
        if (wait is null) throw new InvalidInputException("wait", $"is null ({where}); say what the item waits for.");
        if (wait.Signals is null) throw new InvalidInputException("Signals", $"is null ({where}); leave it out, or give a list of names.");
        if (wait.Signals.Count > MaxNames)
            throw new InvalidInputException("Signals", $"has {wait.Signals.Count} names ({where}); the limit is {MaxNames}.");
        for (int i = 0; i < wait.Signals.Count; i++) Names.CheckExact($"Signals[{i}]", wait.Signals[i]);
        if (wait.Timeout is not null && wait.Until is not null)
            throw new InvalidInputException("Timeout", $"is given together with Until ({where}); give one of them.");
        if (wait.Timeout <= TimeSpan.Zero) throw new InvalidInputException("Timeout", $"is {wait.Timeout} ({where}); it must be above zero.");
        if (wait.Signals.Count == 0 && wait.Timeout is null && wait.Until is null)
            throw new InvalidInputException("wait", $"names nothing ({where}): the item would wait for ever. Give signals, a time, or both.");
        long? timeout = wait.Timeout is { } length ? WorkItemCheck.Milliseconds("Timeout", length) : null;
        return new([.. wait.Signals.Distinct(StringComparer.Ordinal)], timeout, wait.Until is { } until ? StoredTime.RoundUp(until) : null);
    }

    public static NewSignal Check(string name, object? payload, string? id, RoostOptions options)
    {
        Names.CheckExact("name", name);
        if (id is not null) Names.Check("signalId", id);
        return new(name, id, JsonText.Serialize("payload", payload, options.Json, options.MaxJsonBytes, objectOnly: false));
    }
}
