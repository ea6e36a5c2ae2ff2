using System.Text.Json;
using Microsoft.Extensions.Logging;
using Roost.Native;
using Roost.Stores;

namespace Roost;

/// <summary>How safely a commit is on the disk when an awaited call returns.</summary>
public enum Durability
{
    /// <summary>Survives power loss: every commit waits for the disk (<c>synchronous=FULL</c>). The default.</summary>
    Full,

    /// <summary>Survives the death of the process, not always power loss: the disk is waited for at checkpoints only (<c>synchronous=NORMAL</c>).</summary>
    ProcessCrash,

    /// <summary>Never waits for the disk (<c>synchronous=OFF</c>); power loss can damage the file. For tests and throw-away files.</summary>
    None,
}

/// <summary>
/// The settings of one <see cref="RoostRuntime"/>. All have working defaults but the place of the file. Values out of range are refused when the runtime is
/// constructed.
/// </summary>
public sealed record RoostOptions
{
    /// <summary>
    /// The data file. Either this or <see cref="Root"/> with <see cref="Namespace"/>. The folder must exist; the file is created when missing.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>The folder that holds one data file for each namespace.</summary>
    public string? Root { get; init; }

    /// <summary>A name such as <c>acme/project 1</c>, mapped to one safe file name under <see cref="Root"/>.</summary>
    public string? Namespace { get; init; }

    /// <summary>How safely commits are written. Default <see cref="Durability.Full"/>.</summary>
    public Durability Durability { get; init; }

    /// <summary>How many steps run at once in this runtime. Default 16; 1 to 4,096.</summary>
    public int Concurrency { get; init; } = 16;

    /// <summary>
    /// The queues that this runtime's worker serves, at least one. Default (null): <c>default</c> alone. Queues that are bound from a configuration take its
    /// place.
    /// </summary>
    public IReadOnlyList<string>? Queues { get; init; }

    /// <summary>The queues that are served, with the default in its place.</summary>
    internal IReadOnlyList<string> ServedQueues => Queues ?? [WorkItem.DefaultQueue];

    /// <summary>How long a lease holds without renewal. It is renewed every third of this. Default 30 s; 1 s to 1 day.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long one step may take before its token fires, unless the work item or the engine says otherwise. Default: no limit; 1 ms to 24 days.
    /// </summary>
    public TimeSpan? StepTimeout { get; init; }

    /// <summary>How long a step whose token has fired for a timeout may go on before it is abandoned. Default 10 s; 0 to 1 hour.</summary>
    public TimeSpan StepTimeoutGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many tries one step gets before the work item becomes a dead letter, unless the work item says otherwise. Default 10; 1 to 1,000.</summary>
    public int MaxAttempts { get; init; } = 10;

    /// <summary>
    /// How many times in a row a step may ask to be tried again (<see cref="Outcome.RetryAfter"/>) without being charged, counted for each version of the
    /// state; beyond that each is a failed try. Default 100; 0 to 1,000,000,000, where 0 means that each is.
    /// </summary>
    public int MaxRetryAfters { get; init; } = 100;

    /// <summary>How many signals may lie in the mailbox of one work item; one more is refused. Default 10,000; 1 to 1,000,000.</summary>
    public int MaxSignals { get; init; } = 10_000;

    /// <summary>
    /// How many times the process may die during one step before the work item becomes a dead letter, counted since a try of it last returned, be it
    /// with an error: what was beside the step that kills is not charged for ever. Default 5; 1 to 1,000.
    /// </summary>
    public int MaxInterruptions { get; init; } = 5;

    /// <summary>
    /// How many times in a row an item may commit the state and step that it had before, at once and without an event, an artifact or a child,
    /// before it becomes a dead letter with reason <c>no_progress</c>: it would step for ever. Counted in the file, so across workers and
    /// restarts. Default 1,000; 0 to 1,000,000,000, where 0 means never.
    /// </summary>
    public int MaxStepsWithoutProgress { get; init; } = 1000;

    /// <summary>The wait after the first failed try; it doubles with each further one and carries jitter. Default 1 s; 0 to 1 day.</summary>
    public TimeSpan RetryBaseDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait between two tries. Default 5 minutes; at least <see cref="RetryBaseDelay"/>, at most 7 days.</summary>
    public TimeSpan RetryMaxDelay { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long one try of an engine's <see cref="IEngine.OnEndedAsync"/> may take before its token fires and it counts as failed. Where a process dies
    /// during one, the next begins when this time and <see cref="StepTimeoutGrace"/> are over. Default 1 minute; 1 s to 1 day.
    /// </summary>
    public TimeSpan EndedTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long an item that continues without delay keeps its slot while others of its priority are ready; ten times that while all of those
    /// have gone back for this reason themselves, and none has come since. Default 20 ms; 0 to 1 hour.
    /// </summary>
    public TimeSpan SlotTime { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// How long <see cref="RoostRuntime.RunAsync"/> lets running steps finish after it was cancelled; they learn of it by <see cref="StepContext.Stopping"/>.
    /// Then their tokens fire, and a second later their leases are given back. Default 5 s, so that all is over well within the 10 s that containers
    /// and services are given to stop; 0 to 1 hour.
    /// </summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often a running loop looks for what other processes wrote. After a tenth of a second without news it sleeps instead until the log of the file is
    /// written (on Linux; elsewhere it goes on looking). Default 10 ms; 1 ms to 1 minute.
    /// </summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// How long a write waits in all for another process's write lock before <see cref="FileBusyException"/>, whatever it waits behind. Default 5 s; 1 s to 1
    /// hour.
    /// </summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The largest payload, state or event data in bytes of UTF-8 JSON. Larger things belong into an artifact. Default 4 MiB; 1 KiB to 256 MiB.
    /// </summary>
    public int MaxJsonBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How many of an item's first snapshot versions are kept for good. Default 20; 0 to 1,000,000.</summary>
    public int HistoryFirst { get; init; } = 20;

    /// <summary>How many of an item's latest snapshot versions are kept. Default 20; 1 to 1,000,000.</summary>
    public int HistoryLast { get; init; } = 20;

    /// <summary>How many events the file keeps; older ones are trimmed and a watermark says up to where. Default: all. At least 1,000.</summary>
    public long? MaxEvents { get; init; }

    /// <summary>
    /// How long what a running step says (<see cref="StepContext.OpenStream"/>, <see cref="StepContext.Report(double, string?)"/>) waits for something else to
    /// commit before it is written by a commit of its own. Default 250 ms; 10 ms to 1 minute.
    /// </summary>
    public TimeSpan StreamFlushInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// How much text of each stream of an item is kept, in bytes of UTF-8; of more the oldest goes, whichever step wrote it. Default 1 MiB; 64 KiB to 256 MiB.
    /// </summary>
    public int MaxStreamBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// Follow-ups to enqueue when an engine's item is done, stored in the file when this runtime's worker starts. Default (null): what the file holds stays as
    /// it is. <see cref="TriggerFile"/> reads them from JSON.
    /// </summary>
    public IReadOnlyList<Trigger>? Triggers { get; init; }

    /// <summary>
    /// How payload, state, event data and JSON artifacts are written and read; made read-only when the runtime is constructed. Default:
    /// <see cref="RoostJson.Default"/> (snake_case, case-insensitive reading). An engine that is made with a <c>JsonTypeInfo</c> stores its
    /// state by that instead. What these settings would lose of a state is refused when its engine is added; a payload, event or artifact of
    /// which something would not be written is refused when it is given.
    /// </summary>
    public JsonSerializerOptions Json { get; init; } = RoostJson.Default;

    /// <summary>Where workspaces are made and of what. Default: plain folders in <c>&lt;file&gt;.workspaces</c> beside the data file.</summary>
    public WorkspaceOptions Workspaces { get; init; } = new();

    /// <summary>
    /// The clock for everything stored and scheduled. One whose wall time runs ahead of its timestamps is taken for one that somebody has set, and believed
    /// after it has stood for 30 s of them: a clock for tests moves both, as FakeTimeProvider does. Default: the system's.
    /// </summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the runtime logs. Default: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>
    /// Use a file on a network or FUSE file system, where SQLite's locks and shared memory may not work and the file may be damaged. Default: refused.
    /// </summary>
    public bool AllowNetworkFileSystem { get; init; }

    /// <summary>Where ids, keys and jitter come from: tests give a seeded one.</summary>
    internal Randomness Randomness { get; init; } = Randomness.System;

    internal void Validate()
    {
        if (Durability is not (Durability.Full or Durability.ProcessCrash or Durability.None))
            throw new InvalidInputException(nameof(Durability), $"{(int)Durability} is none; it must be Full, ProcessCrash or None.");
        Range(nameof(Concurrency), Concurrency, 1, 4096);
        Range(nameof(LeaseTime), LeaseTime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        if (StepTimeout is { } timeout) Range(nameof(StepTimeout), timeout, TimeSpan.FromMilliseconds(1), WorkItemCheck.MaxTimeout);
        Range(nameof(StepTimeoutGrace), StepTimeoutGrace, TimeSpan.Zero, TimeSpan.FromHours(1));
        Range(nameof(MaxAttempts), MaxAttempts, 1, 1000);
        Range(nameof(MaxSignals), MaxSignals, 1, 1_000_000);
        Range(nameof(MaxRetryAfters), MaxRetryAfters, 0, 1_000_000_000);
        Range(nameof(MaxInterruptions), MaxInterruptions, 1, 1000);
        Range(nameof(MaxStepsWithoutProgress), MaxStepsWithoutProgress, 0, 1_000_000_000);
        Range(nameof(RetryBaseDelay), RetryBaseDelay, TimeSpan.Zero, TimeSpan.FromDays(1));
        Range(nameof(RetryMaxDelay), RetryMaxDelay, RetryBaseDelay, TimeSpan.FromDays(7));
        Range(nameof(EndedTimeout), EndedTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Range(nameof(SlotTime), SlotTime, TimeSpan.Zero, TimeSpan.FromHours(1));
        Range(nameof(DrainTime), DrainTime, TimeSpan.Zero, TimeSpan.FromHours(1));
        Range(nameof(PollInterval), PollInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Range(nameof(BusyTimeout), BusyTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Range(nameof(MaxJsonBytes), MaxJsonBytes, 1024, 256 * 1024 * 1024);
        Range(nameof(HistoryFirst), HistoryFirst, 0, 1_000_000);
        Range(nameof(HistoryLast), HistoryLast, 1, 1_000_000);
        Range(nameof(StreamFlushInterval), StreamFlushInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        Range(nameof(MaxStreamBytes), MaxStreamBytes, 64 * 1024, 256 * 1024 * 1024);
        if (MaxEvents is { } cap) Range(nameof(MaxEvents), cap, 1000, long.MaxValue);
        Given(nameof(Json), Json);
        if (Json.MaxDepth > JsonText.MaxDepth)
            throw new InvalidInputException(
                nameof(Json),
                $"allows {Json.MaxDepth} levels; at most {JsonText.MaxDepth} are stored and read. Set its MaxDepth to {JsonText.MaxDepth} or less."
            );
        Given(nameof(Workspaces), Workspaces);
        Given(nameof(TimeProvider), TimeProvider);
        if (Queues is { Count: 0 })
            throw new InvalidInputException(nameof(Queues), "no queue is named; name at least one, or leave it out to serve \"default\".");
        foreach (string queue in ServedQueues)
            Names.CheckExact(nameof(Queues), queue);
        if (Triggers is { } triggers)
            TriggerCheck.Check(triggers, TriggerCheck.Spelling.OfMembers, Json, MaxJsonBytes);
        Workspaces.Validate();
    }

    /// <summary>The full path of the data file that these options name.</summary>
    internal string ResolvePath()
    {
        if (Path is not null && (Root is not null || Namespace is not null))
            throw new InvalidInputException(nameof(Path), "is given together with Root or Namespace; give the file, or the root folder and the namespace.");
        if (Root is not null || Namespace is not null)
        {
            if (Root is null) throw new InvalidInputException(nameof(Root), "is missing; a namespace needs the folder that holds its file.");
            if (Namespace is null) throw new InvalidInputException(nameof(Namespace), "is missing; a root folder holds one file for each namespace.");
            return RealPath.Of(Namespaces.PathFor(Root, Namespace, nameof(Root), nameof(Namespace)));
        }
        if (string.IsNullOrWhiteSpace(Path)) throw new InvalidInputException(nameof(Path), "is empty; name the data file, such as \"roost.db\".");
        if (Path.Contains(":memory:", StringComparison.OrdinalIgnoreCase) || Path.StartsWith("file:", StringComparison.OrdinalIgnoreCase))
            throw new InvalidInputException(
                nameof(Path),
                $"\"{Path}\" is not a file; Roost keeps work in a real file. A test takes RoostRuntime.CreateTemporary(), which deletes its file on dispose."
            );
        if (Path.Contains('\0', StringComparison.Ordinal))
            throw new InvalidInputException(nameof(Path), "holds a NUL character; remove it.");
        return RealPath.Of(Path);
    }

    private static void Given(string field, object? value)
    {
        if (value is null) throw new InvalidInputException(field, "is null; leave it out to get its default.");
    }

    private static void Range<T>(string field, T value, T least, T most) where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            throw new InvalidInputException(field, $"{value} is out of range; it must be from {least} to {most}.");
    }
}
