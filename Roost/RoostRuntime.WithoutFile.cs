using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    private readonly bool namesEngines;

    /// <summary>Has no file: it is closed for everything but the naming of engines.</summary>
    private RoostRuntime(RoostOptions options, bool namesEngines)
    {
        RoostJson.Freeze(options.Json);
        (Options, Path, Folder) = (options, "", "");
        log = new ForgivingLog(Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        (store, loops, ends, observed) = (null!, null!, null!, null!);
        (this.namesEngines, disposed) = (namesEngines, 1);
    }

    /// <summary>The ids of the engines that a host's program registers, without a file: nothing is opened or written.</summary>
    /// <param name="addEngines">Adds the engines, as for a runtime that is to run them; it can do nothing else with what it is given, which has no
    /// file.</param>
    /// <param name="options">
    /// Those of the runtime that they are meant for: by <see cref="RoostOptions.Json"/> the engines' states are judged. Default: all defaults.
    /// </param>
    /// <returns>The ids, in the order of their names.</returns>
    /// <exception cref="InvalidInputException">What an engine says about itself breaks a rule, or something of its state's type would not come back from the
    /// file.</exception>
    /// <exception cref="ConflictException">Two engines have one id.</exception>
    public static IReadOnlyList<string> EngineIdsOf(Action<RoostRuntime> addEngines, RoostOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(addEngines);
        var known = new RoostRuntime(options ?? new(), namesEngines: true);
        addEngines(known);
        return known.EngineIds;
    }

    /// <summary>Checks settings as the constructor does, without a file: nothing is opened or written.</summary>
    /// <param name="options">The settings.</param>
    /// <exception cref="InvalidInputException">A setting is out of range, or names no file; the message names the setting and the limit.</exception>
    public static void Check(RoostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        options.ResolvePath();
    }

    /// <summary>
    /// Checks a work item as <see cref="EnqueueAsync(WorkItem, CancellationToken)"/> does, without a file. Whether its id, its parent and its idempotency key
    /// fit the file, only the file can tell.
    /// </summary>
    /// <param name="item">The item.</param>
    /// <param name="options">Those of the runtime that it is meant for. Default: all defaults.</param>
    /// <exception cref="InvalidInputException">A field breaks a rule; the message names the field and the limit.</exception>
    public static void Check(WorkItem item, RoostOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(item);
        options ??= new();
        WorkItemCheck.Check(item, options, options.TimeProvider.GetUtcNow());
    }
}
