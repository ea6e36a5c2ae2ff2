namespace Roost.AspNetCore.Input;

/// <summary>The states as lists take them, with queued told apart into ready, delayed and blocked, as the counts do.</summary>
internal static class StateNames
{
    private static readonly WorkCondition[] QueuedOnes = [WorkCondition.Ready, WorkCondition.Delayed, WorkCondition.Blocked];

    public static IReadOnlyList<string> All { get; } =
    [.. Enum.GetValues<WorkState>().SelectMany(state => state == WorkState.Queued ? [state.Name(), .. QueuedOnes.Select(NameOf)] : (string[])[state.Name()])];

    /// <summary>The filter with that state or condition; as it is without one. False where the name is none.</summary>
    public static bool TryApply(string? name, WorkFilter filter, out WorkFilter narrowed)
    {
        narrowed = filter;
        if (name is null) return true;
        foreach (WorkState state in Enum.GetValues<WorkState>())
        {
            if (state.Name() != name) continue;
            narrowed = filter with { State = state };
            return true;
        }
        foreach (WorkCondition condition in QueuedOnes)
        {
            if (NameOf(condition) != name) continue;
            narrowed = filter with { Condition = condition };
            return true;
        }
        return false;
    }

    private static string NameOf(WorkCondition condition) => condition.ToString().ToLowerInvariant();
}
