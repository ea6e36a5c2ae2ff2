using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Roost.Execution;
using Roost.Observing;
using Roost.Sqlite;
using Roost.Stores;

namespace Roost;

/// <summary>
/// The layer that keeps agent workers going: work items, leases, snapshots, events and artifacts in one SQLite file, stepped by a loop in
/// this process. Opening a file never starts work. All members may be called from any thread.
/// </summary>
/// <remarks>
/// <para>
/// <b>Names.</b> <c>Get</c> gives one thing, and throws <see cref="NotFoundException"/> where what was named is not there. <c>List</c> gives many: of what may
/// be endless a page (<see cref="Page{T}"/> by a cursor, <see cref="EventPage"/> by a sequence number) of at most <c>limit</c>, of what is bounded by itself
/// all of it, and nothing where there is nothing. <c>Find</c>, <c>Count</c>, <c>Check</c>, <c>Open</c>, <c>Read</c> and <c>Watch</c> do what they say: ids for
/// a part of one, a number, a verdict, a stream, bytes, an endless sequence. <c>Run</c> and <c>StepOnce</c> run work here, <c>Wait</c> waits for work wherever
/// it runs; any other verb is a change that is durable when its task ends.
/// </para>
/// <para>
/// <b>Tokens.</b> Everything asynchronous takes a token last. Of a read, a wait and a run it ends that. Of a change it is asked before the change is handed to
/// the writer, and no more after: what was handed over happens, and the task tells how it ended, so that what was acknowledged is done and what was cancelled
/// is not. A change in several transactions asks between them, as its own documentation says. Only <see cref="RunAsync"/> has no default for it, because a
/// loop has no other end than the token and being disposed. Disposing takes none: it is bounded by <see cref="RoostOptions.DrainTime"/>.
/// </para>
/// </remarks>
public sealed partial class RoostRuntime : IAsyncDisposable, IDisposable
{
    private readonly EngineRegistry engines = new();
    private readonly CancellationTokenSource closing = new();
    private readonly ILogger log;
    private readonly Store store;
    private readonly LoopHost loops;
    private readonly EndWait ends;
    private readonly ObservedStore observed;
    private readonly string? temporaryFolder;
    private int disposed;

    /// <summary>Opens a data file, creating it where it is missing.</summary>
    /// <param name="path">The file, such as <c>roost.db</c>. Its folder must exist.</param>
    /// <exception cref="FileRefusedException">The file is no Roost database, is newer, read-only, or in a missing folder.</exception>
    public RoostRuntime(string path) : this(new RoostOptions { Path = path }) { }

    /// <summary>Opens the data file that the options name, creating it where it is missing.</summary>
    /// <exception cref="InvalidInputException">An option is out of range.</exception>
    /// <exception cref="FileRefusedException">The file is no Roost database, is newer, read-only, or in a missing folder.</exception>
    public RoostRuntime(RoostOptions options) : this(options, SqliteStore.Open) { }

    /// <summary>On the store that is given: the one place where one is chosen.</summary>
    internal RoostRuntime(RoostOptions options, StoreOpener open, string? temporaryFolder = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        Path = options.ResolvePath();
        Folder = System.IO.Path.GetDirectoryName(Path)!;
        this.temporaryFolder = temporaryFolder;
        log = new ForgivingLog((options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger<RoostRuntime>());
        RoostJson.Freeze(options.Json);
        store = open(Path, options, log);
        loops = new(this, store, engines, log, closing.Token);
        ends = new(store, Path, options.TimeProvider, closing.Token);
        OpenFiles.Add(observed = new(Path, store));
    }

    /// <summary>The full path of the data file.</summary>
    public string Path { get; }

    /// <summary>The settings that this runtime was opened with.</summary>
    public RoostOptions Options { get; }

    internal string Folder { get; }

    /// <summary>Where the work is kept.</summary>
    internal Store Store
    {
        get
        {
            ObjectDisposedException.ThrowIf(namesEngines, this);
            return store;
        }
    }

    /// <summary>The time by which everything is written and decided; see <see cref="Clock"/>.</summary>
    internal DateTimeOffset Now => Store.Clock.Now;

    internal ILogger Log => log;

    /// <summary>
    /// A runtime on a real file of its own in the temporary folder, for tests and trials: never synced to the disk, deleted on dispose.
    /// </summary>
    /// <param name="options">Settings other than the file and its durability; default all defaults.</param>
    /// <exception cref="InvalidInputException">The options name a file.</exception>
    public static RoostRuntime CreateTemporary(RoostOptions? options = null)
    {
        if (options is { Path: not null } or { Root: not null } or { Namespace: not null })
            throw new InvalidInputException(
                nameof(Path),
                "is given for a temporary runtime, which has a file of its own; leave Path, Root and Namespace out, or use the constructor."
            );
        string folder = Directory.CreateTempSubdirectory("roost-").FullName;
        try
        {
            return new((options ?? new()) with { Path = System.IO.Path.Combine(folder, "roost.db"), Durability = Durability.None }, SqliteStore.Open, folder);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>Registers an engine; one instance steps all its items, many at once.</summary>
    /// <exception cref="InvalidInputException">What the engine says about itself breaks a rule, or something of its state's type would not come back from the
    /// file; the message names the member.</exception>
    /// <exception cref="ConflictException">An engine of that id is registered, or the loop is running.</exception>
    public RoostRuntime AddEngine(IEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        return Add(EngineEntry.For(engine, Options.Json));
    }

    /// <summary>
    /// Registers an engine that is made afresh for each step, and once now to learn its id. Each is disposed after its step where it is
    /// <see cref="IAsyncDisposable"/> or <see cref="IDisposable"/>.
    /// </summary>
    /// <exception cref="InvalidInputException">What the engine says about itself breaks a rule, or something of its state's type would not come back from the
    /// file; the message names the member.</exception>
    /// <exception cref="ConflictException">An engine of that id is registered, or the loop is running.</exception>
    public RoostRuntime AddEngine(Func<IEngine> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return AddScopedEngine(() =>
        {
            IEngine engine = factory() ?? throw new InvalidInputException("factory", "returned null; it must make an engine.");
            return new(engine, engine);
        });
    }

    /// <summary>Registers an engine for each of whose steps a scope is opened, and disposed after it; one is opened now to learn its id.</summary>
    /// <param name="open">Makes an engine and says what to dispose with the step, such as the scope of a container.</param>
    /// <exception cref="ConflictException">An engine of that id is registered, or the loop is running.</exception>
    public RoostRuntime AddScopedEngine(Func<EngineScope> open)
    {
        ArgumentNullException.ThrowIfNull(open);
        return Add(EngineEntry.For(open, Options.Json));
    }

    /// <summary>
    /// Registers every public engine of an assembly: concrete classes that implement <see cref="IEngine"/>. One that cannot be made is an error.
    /// Engines that are not public, or generic, are skipped and named in the log as a warning.
    /// </summary>
    /// <param name="assembly">The assembly to look through.</param>
    /// <param name="create">Makes an engine of a type. Default: its constructor without parameters.</param>
    /// <exception cref="InvalidInputException">There is no engine in the assembly that could be added, or one cannot be made.</exception>
    [RequiresUnreferencedCode(Reflective.Assembly)]
    public RoostRuntime AddEngines(Assembly assembly, Func<Type, IEngine>? create = null)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        (IReadOnlyList<Type> types, IReadOnlyList<string> skipped) = EngineTypes.Of(assembly);
        string left = string.Join("; ", skipped);
        if (types.Count == 0)
            throw new InvalidInputException(
                "assembly",
                $"{assembly.GetName().Name} has no public class that implements IEngine.{(skipped.Count == 0 ? "" : $" Skipped: {left}.")}"
            );
        if (skipped.Count > 0)
            log.EnginesSkipped(assembly.GetName().Name, left);
        foreach (Type type in types)
            AddEngine(
                (create is null ? EngineTypes.Make(type) : create(type))
                    ?? throw new InvalidInputException("create", $"returned null for {type.FullName}; it must make the engine.")
            );
        return this;
    }

    /// <summary>The ids of the engines that are registered, in the order of their names.</summary>
    public IReadOnlyList<string> EngineIds => engines.Ids;

    /// <summary>Takes an engine out again, so that the next loop does not serve it.</summary>
    /// <param name="engineId">Its id.</param>
    /// <returns>False where no engine of that id is registered.</returns>
    /// <exception cref="ConflictException">The loop is running.</exception>
    public bool RemoveEngine(string engineId) => engines.Remove(engineId);

    /// <summary>The private folder of a work item; nothing is created before <see cref="Workspace.EnsureAsync"/>.</summary>
    /// <param name="workId">Any id; it need not exist.</param>
    public Workspace GetWorkspace(string workId)
    {
        Names.Check("workId", workId);
        return new(Options.Workspaces, Options.Workspaces.Root ?? Path + ".workspaces", workId, log);
    }

    /// <summary>Stops the loop as <see cref="RunAsync"/> does on cancellation, finishes what was written, and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0) return;
        await closing.CancelAsync().ConfigureAwait(false);
        OpenFiles.Remove(observed);
        try
        {
            await loops.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            await store.DisposeAsync().ConfigureAwait(false);
            closing.Dispose();
        }
        if (temporaryFolder is not null) Directory.Delete(temporaryFolder, recursive: true);
    }

    /// <summary>
    /// The same as <see cref="DisposeAsync"/>, for those who can only wait for it by blocking a thread, such as a container that is disposed
    /// synchronously: up to <see cref="RoostOptions.DrainTime"/> and a second while a loop runs.
    /// </summary>
    public void Dispose() => Task.Run(() => DisposeAsync().AsTask()).GetAwaiter().GetResult();

    private RoostRuntime Add(EngineEntry entry)
    {
        ObjectDisposedException.ThrowIf(disposed != 0 && !namesEngines, this);
        engines.Add(entry);
        return this;
    }
}
