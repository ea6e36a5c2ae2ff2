namespace Roost.Extensions.Hosting;

/// <summary>
/// The settings of one runtime in a host: what of <see cref="RoostOptions"/> can stand in a configuration, with the same names, defaults and ranges, and
/// what the host does with it. Durations are written <c>hh:mm:ss</c> there (<c>"00:00:30"</c>), or <c>d.hh:mm:ss</c>. The rest of RoostOptions is set by
/// <see cref="RoostBuilder.ConfigureRuntime(Func{RoostOptions, RoostOptions})"/>. They are read once, when the host starts. Values
/// out of range, and settings that there are not, stop its start with the name of the key, before the file is opened.
/// </summary>
public sealed class RoostHostOptions
{
    private static readonly RoostOptions Default = new();

    /// <summary>
    /// The data file. Either this or <see cref="Root"/> with <see cref="Namespace"/>. A relative path is taken from the host's content root. The folder must
    /// exist; the file is created when missing.
    /// </summary>
    public string? Path { get; set; }

    /// <summary>The folder that holds one data file for each namespace. It must exist; a relative path is taken from the host's content root.</summary>
    public string? Root { get; set; }

    /// <inheritdoc cref="RoostOptions.Namespace"/>
    public string? Namespace { get; set; }

    /// <summary>
    /// Whether the host runs the loop, which steps work. Default true. False for a program that only enqueues and reads, such as a web front end; the file is
    /// opened at the start all the same.
    /// </summary>
    public bool RunLoop { get; set; } = true;

    /// <summary>
    /// How long steps may finish when the host stops; see <see cref="RoostOptions.DrainTime"/>. It begins when the host begins to stop, and has to be at
    /// least 2 s shorter than the host's <c>HostOptions.ShutdownTimeout</c> [30 s], for what comes after it. Default (null): 5 s, or less where that does not
    /// fit; 0 to 1 hour.
    /// </summary>
    public TimeSpan? DrainTime { get; set; }

    /// <summary>
    /// A JSON file of triggers, as <see cref="Roost.TriggerFile"/> reads it, for <see cref="RoostOptions.Triggers"/>. A relative path is taken from the host's
    /// content root. Default: none.
    /// </summary>
    public string? TriggerFile { get; set; }

    /// <inheritdoc cref="RoostOptions.Durability"/>
    public Durability Durability { get; set; } = Default.Durability;

    /// <inheritdoc cref="RoostOptions.Concurrency"/>
    public int Concurrency { get; set; } = Default.Concurrency;

    /// <summary>The queues that this runtime's loop serves, at least one. Default (null): <c>default</c> alone.</summary>
    public IList<string>? Queues { get; set; }

    /// <inheritdoc cref="RoostOptions.LeaseTime"/>
    public TimeSpan LeaseTime { get; set; } = Default.LeaseTime;

    /// <inheritdoc cref="RoostOptions.StepTimeout"/>
    public TimeSpan? StepTimeout { get; set; }

    /// <inheritdoc cref="RoostOptions.StepTimeoutGrace"/>
    public TimeSpan StepTimeoutGrace { get; set; } = Default.StepTimeoutGrace;

    /// <inheritdoc cref="RoostOptions.MaxAttempts"/>
    public int MaxAttempts { get; set; } = Default.MaxAttempts;

    /// <inheritdoc cref="RoostOptions.MaxRetryAfters"/>
    public int MaxRetryAfters { get; set; } = Default.MaxRetryAfters;

    /// <inheritdoc cref="RoostOptions.MaxSignals"/>
    public int MaxSignals { get; set; } = Default.MaxSignals;

    /// <inheritdoc cref="RoostOptions.StreamFlushInterval"/>
    public TimeSpan StreamFlushInterval { get; set; } = Default.StreamFlushInterval;

    /// <inheritdoc cref="RoostOptions.MaxStreamBytes"/>
    public int MaxStreamBytes { get; set; } = Default.MaxStreamBytes;

    /// <inheritdoc cref="RoostOptions.MaxInterruptions"/>
    public int MaxInterruptions { get; set; } = Default.MaxInterruptions;

    /// <inheritdoc cref="RoostOptions.MaxStepsWithoutProgress"/>
    public int MaxStepsWithoutProgress { get; set; } = Default.MaxStepsWithoutProgress;

    /// <inheritdoc cref="RoostOptions.RetryBaseDelay"/>
    public TimeSpan RetryBaseDelay { get; set; } = Default.RetryBaseDelay;

    /// <inheritdoc cref="RoostOptions.RetryMaxDelay"/>
    public TimeSpan RetryMaxDelay { get; set; } = Default.RetryMaxDelay;

    /// <inheritdoc cref="RoostOptions.EndedTimeout"/>
    public TimeSpan EndedTimeout { get; set; } = Default.EndedTimeout;

    /// <inheritdoc cref="RoostOptions.SlotTime"/>
    public TimeSpan SlotTime { get; set; } = Default.SlotTime;

    /// <inheritdoc cref="RoostOptions.PollInterval"/>
    public TimeSpan PollInterval { get; set; } = Default.PollInterval;

    /// <inheritdoc cref="RoostOptions.BusyTimeout"/>
    public TimeSpan BusyTimeout { get; set; } = Default.BusyTimeout;

    /// <inheritdoc cref="RoostOptions.MaxJsonBytes"/>
    public int MaxJsonBytes { get; set; } = Default.MaxJsonBytes;

    /// <inheritdoc cref="RoostOptions.HistoryFirst"/>
    public int HistoryFirst { get; set; } = Default.HistoryFirst;

    /// <inheritdoc cref="RoostOptions.HistoryLast"/>
    public int HistoryLast { get; set; } = Default.HistoryLast;

    /// <inheritdoc cref="RoostOptions.MaxEvents"/>
    public long? MaxEvents { get; set; }

    /// <inheritdoc cref="RoostOptions.Workspaces"/>
    public RoostHostWorkspaces Workspaces { get; set; } = new();

    /// <inheritdoc cref="RoostOptions.AllowNetworkFileSystem"/>
    public bool AllowNetworkFileSystem { get; set; }

    /// <summary>
    /// What the runtime is opened with. Paths are those of the configuration, and <see cref="DrainTime"/> is still to be fitted into the host's time.
    /// </summary>
    internal RoostOptions ToRuntime() => new()
    {
        Path = Path,
        Root = Root,
        Namespace = Namespace,
        DrainTime = DrainTime ?? Default.DrainTime,
        Durability = Durability,
        Concurrency = Concurrency,
        Queues = Queues?.AsReadOnly(),
        LeaseTime = LeaseTime,
        StepTimeout = StepTimeout,
        StepTimeoutGrace = StepTimeoutGrace,
        MaxAttempts = MaxAttempts,
        MaxRetryAfters = MaxRetryAfters,
        MaxSignals = MaxSignals,
        StreamFlushInterval = StreamFlushInterval,
        MaxStreamBytes = MaxStreamBytes,
        MaxInterruptions = MaxInterruptions,
        MaxStepsWithoutProgress = MaxStepsWithoutProgress,
        RetryBaseDelay = RetryBaseDelay,
        RetryMaxDelay = RetryMaxDelay,
        EndedTimeout = EndedTimeout,
        SlotTime = SlotTime,
        PollInterval = PollInterval,
        BusyTimeout = BusyTimeout,
        MaxJsonBytes = MaxJsonBytes,
        HistoryFirst = HistoryFirst,
        HistoryLast = HistoryLast,
        MaxEvents = MaxEvents,
        Workspaces = Workspaces is null ? null! : Workspaces.ToRuntime(),
        AllowNetworkFileSystem = AllowNetworkFileSystem,
    };
}

/// <summary>The settings of workspaces in a configuration: those of <see cref="WorkspaceOptions"/>, with the same names and defaults.</summary>
public sealed class RoostHostWorkspaces
{
    /// <summary>
    /// The folder that holds one folder for each workspace; created when missing. A relative path is taken from the host's content root. Default (null): a
    /// folder beside the data file.
    /// </summary>
    public string? Root { get; set; }

    /// <summary>
    /// The path of the local git repository that workspaces start from; see <see cref="WorkspaceOptions.Repository"/>. A relative path is taken from the
    /// host's content root. Default (null): plain folders.
    /// </summary>
    public string? Repository { get; set; }

    /// <inheritdoc cref="WorkspaceOptions.Mode"/>
    public WorkspaceMode Mode { get; set; }

    /// <inheritdoc cref="WorkspaceOptions.BaseRevision"/>
    public string? BaseRevision { get; set; }

    internal WorkspaceOptions ToRuntime() => new() { Root = Root, Repository = Repository, Mode = Mode, BaseRevision = BaseRevision };
}
