namespace Roost.Testing;

/// <summary>Runs one step of an engine alone: from a chosen state, under chosen circumstances, with nothing saved.</summary>
public static class EngineSteps
{
    /// <summary>Makes the first state of a work item, as <c>Init</c> or <c>InitAsync</c> does.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="item">The work item. Default: one with the payload <c>{}</c>.</param>
    /// <param name="setup">The other circumstances. Default: all defaults.</param>
    /// <returns>The first state, and what the step has added. What the engine throws is thrown on.</returns>
    /// <exception cref="InvalidInputException">The runtime would refuse the engine, or what the step has brought.</exception>
    public static async Task<StepResult<TState>> InitAsync<TState>(this Engine<TState> engine, WorkItem? item = null, StepSetup? setup = null)
    {
        setup ??= new();
        setup = setup with { Version = 0, Item = item ?? setup.Item };
        return Typed<TState>(engine, await StepTrial.RunAsync(engine, null, setup).ConfigureAwait(false));
    }

    /// <summary>
    /// Runs one step from this state, which is given to the engine as it comes back from its JSON. The outcome is checked as a loop does. What the engine
    /// throws is thrown on; the item's timeout, the engine's and that of the options hold by virtual time, which stands still.
    /// </summary>
    /// <param name="engine">The engine.</param>
    /// <param name="state">The state before the step.</param>
    /// <param name="setup">The circumstances. Default: all defaults.</param>
    /// <returns>What the step has brought.</returns>
    /// <exception cref="InvalidInputException">The runtime would refuse the engine, the state, or what the step has brought.</exception>
    public static async Task<StepResult<TState>> StepAsync<TState>(this Engine<TState> engine, TState state, StepSetup? setup = null) =>
        Typed<TState>(engine, await StepTrial.RunAsync(engine, state, setup ?? new()).ConfigureAwait(false));

    /// <summary>Makes the first snapshot of a work item by an engine on raw snapshots.</summary>
    /// <inheritdoc cref="InitAsync{TState}(Engine{TState}, WorkItem?, StepSetup?)"/>
    public static Task<StepResult> InitRawAsync(this IEngine engine, WorkItem? item = null, StepSetup? setup = null)
    {
        setup ??= new();
        return StepTrial.RunAsync(engine, null, setup with { Version = 0, Item = item ?? setup.Item });
    }

    /// <summary>Runs one step of an engine on raw snapshots.</summary>
    /// <inheritdoc cref="StepAsync{TState}(Engine{TState}, TState, StepSetup?)"/>
    public static Task<StepResult> StepRawAsync(this IEngine engine, object? state, StepSetup? setup = null) =>
        StepTrial.RunAsync(engine, state, setup ?? new());

    private static StepResult<TState> Typed<TState>(Engine<TState> engine, StepResult result) =>
        new(result) { State = result.Snapshot is { } snapshot ? StepTrial.Read<TState>(engine, snapshot) : default };
}
