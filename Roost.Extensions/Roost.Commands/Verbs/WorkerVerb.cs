using System.CommandLine;
using System.Reflection;
using Roost.Commands.Input;
using Roost.Commands.Loading;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>Runs work in this process until Ctrl-C, or until there is nothing to do.</summary>
internal sealed class WorkerVerb : Verb
{
    private static readonly TimeSpan ShowPatience = TimeSpan.FromSeconds(1);

    private readonly Option<string[]> engines = new Option<string[]>("--engines", "--engine", "-e")
    {
        Description = "The engines to serve, with commas between. Default: all.",
        HelpName = "ids",
    }.OffersEngines();
    private readonly Option<string[]> assemblies = new("--assembly", "-a")
    {
        Description = "A .dll whose public engines are served too; may be repeated.",
        HelpName = "file",
    };
    private readonly Option<string[]> queues = new("--queues", "--queue", "-q")
    {
        Description = "The queues to serve, with commas between. Default: default.",
        HelpName = "names",
    };
    private readonly Option<int?> concurrency = new("--concurrency", "-c") { Description = "How many steps run at a time. Default 16.", HelpName = "steps" };
    private readonly Option<string> leaseTime = new("--lease-time")
    {
        Description = "How long a lease lasts without renewal. Default 30s.",
        HelpName = "duration",
    };
    private readonly Option<int?> retries = new("--retries", "--max-attempts")
    {
        Description = "How often a step is tried. Default 10.",
        HelpName = "attempts",
    };
    private readonly Option<string> timeout = new("--timeout") { Description = "The longest that a step may take. Default: no limit.", HelpName = "duration" };
    private readonly Option<string> config = new("--config")
    {
        Description = "The trigger file. Default: ROOST_CONFIG, else ./roost.json where it is there.",
        HelpName = "file",
    };
    private readonly Option<string> workspaceRoot = new("--workspace-root")
    {
        Description = "The folder of the workspaces. Default: ROOST_WORKSPACE_ROOT, " +
        "else beside the data file.",
        HelpName = "folder"
    };
    private readonly Option<string> workspaceMode = new("--workspace-mode")
    {
        Description = "What a workspace is: auto, worktree, clone or folder. " +
        "Default: ROOST_WORKSPACE_MODE, else auto."
    };
    private readonly Option<string> repository = new("--repository")
    {
        Description = "The git repository that workspaces start from. Default: " +
        "ROOST_REPOSITORY.",
        HelpName = "folder"
    };
    private readonly Option<string> baseRevision = new("--base-revision")
    {
        Description = "The branch, tag or commit that workspaces start at. Default: " +
        "ROOST_BASE_REVISION, else HEAD.",
        HelpName = "revision"
    };
    private readonly Option<string> drainTime = new("--drain-time")
    {
        Description = "How long running steps may go on after Ctrl-C. Default 5s.",
        HelpName = "duration",
    };
    private readonly Option<bool> untilIdle = new("--until-idle") { Description = "Ends when nothing can run now." };
    private readonly Option<bool> plain = new("--plain") { Description = "Plain lines on a terminal, too." };
    private readonly Option<bool> verbose = new("--verbose", "-v") { Description = "Log more on stderr." };

    public WorkerVerb() : base("worker", "Run work until Ctrl-C; a second Ctrl-C does not wait for running steps and gives them back.") =>
        Take(
            engines, assemblies, queues, concurrency, leaseTime, retries, timeout, config,
            workspaceRoot, workspaceMode, repository, baseRevision, drainTime, untilIdle, plain, verbose);

    /// <summary>Its steps are drained before it ends, whatever becomes of what it shows.</summary>
    protected override bool EndsByItself => true;

    protected override async Task<int> RunAsync(Call call)
    {
        string[] chosen = Lists.Split(engines.Name, call.Get(engines));
        using ILoggerFactory log = LogLines.Create(call.Print, call.Get(verbose) ? LogLevel.Debug : LogLevel.Warning);
        await using var roost = new RoostRuntime(OptionsOf(call) with { LoggerFactory = log });
        call.AddEngines(roost);
        foreach (string file in call.Get(assemblies) ?? []) roost.AddEngines(Load(file));
        KeepNamed(roost, chosen);
        long since = await roost.GetLastSequenceAsync(call.Stop);
        using var ended = new CancellationTokenSource();
        Task shown = Task.Run(() => call.Print.IsTerminal && !call.Get(plain)
            ? new WorkerView(roost, call.Print, call.Stop).RunAsync(ended.Token)
            : new WorkerLines(roost, call.Print).RunAsync(since, ended.Token), CancellationToken.None);
        try
        {
            if (call.Get(untilIdle)) await roost.RunUntilIdleAsync(call.Stop);
            else await roost.RunAsync(call.Stop);
        }
        catch (OperationCanceledException) when (call.Stop.IsCancellationRequested)
        {
            // Drained, as without --until-idle.
        }
        finally
        {
            await ended.CancelAsync();
            // Not for ever: a pipe that nobody reads and a terminal that was stopped take nothing.
            if (await Task.WhenAny(shown, Task.Delay(ShowPatience)) == shown) await shown;
        }
        return ExitCodes.Ok;
    }

    private RoostOptions OptionsOf(Call call)
    {
        var defaults = new RoostOptions { Path = call.Database.Path };
        string[] named = Lists.Split(queues.Name, call.Get(queues));
        return defaults with
        {
            Queues = named.Length > 0 ? named : defaults.Queues,
            Concurrency = call.Get(concurrency) ?? defaults.Concurrency,
            LeaseTime = Durations.Optional("--lease-time", call.Get(leaseTime)) ?? defaults.LeaseTime,
            MaxAttempts = call.Get(retries) ?? defaults.MaxAttempts,
            StepTimeout = Durations.Optional("--timeout", call.Get(timeout)),
            DrainTime = Durations.Optional("--drain-time", call.Get(drainTime)) ?? defaults.DrainTime,
            Triggers = TriggersOf(call),
            Workspaces = new()
            {
                Root = call.Get(workspaceRoot) ?? Set("ROOST_WORKSPACE_ROOT"),
                Mode = ModeOf(call.Get(workspaceMode) ?? Set("ROOST_WORKSPACE_MODE")),
                Repository = call.Get(repository) ?? Set("ROOST_REPOSITORY"),
                BaseRevision = call.Get(baseRevision) ?? Set("ROOST_BASE_REVISION"),
            },
        };
    }

    private IReadOnlyList<Trigger>? TriggersOf(Call call)
    {
        string? file = call.Get(config) ?? Set("ROOST_CONFIG") ?? (File.Exists("roost.json") ? "roost.json" : null);
        return file is null ? null : TriggerFile.Load(file);
    }

    private static WorkspaceMode ModeOf(string? name) =>
        name is null ? WorkspaceMode.Auto
        : name.Length > 0 && char.IsAsciiLetter(name[0]) && Enum.TryParse(name, ignoreCase: true, out WorkspaceMode mode) ? mode
        : throw new UsageException($"The workspace mode is \"{name}\"; give auto, worktree, clone or folder.");

    private static string? Set(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;

    private static Assembly Load(string file)
    {
        if (string.IsNullOrWhiteSpace(file)) throw new UsageException("--assembly is empty; name a .dll.");
        string path = Path.GetFullPath(file);
        if (!File.Exists(path)) throw new UsageException($"--assembly {file}: there is no such file.");
        try
        {
            return EngineAssembly.Load(path);
        }
        catch (BadImageFormatException)
        {
            throw new UsageException($"--assembly {file}: this is no .NET assembly.");
        }
    }

    private static void KeepNamed(RoostRuntime roost, string[] named)
    {
        IReadOnlyList<string> known = roost.EngineIds;
        foreach (string name in named)
        {
            if (known.Contains(name)) continue;
            string hint = Suggestion.For(name, known) is { } near ? $" Did you mean {near}?" : "";
            throw new UsageException($"There is no engine \"{name}\" here; known are: {string.Join(", ", known)}.{hint} Others come by --assembly.");
        }
        if (named.Length == 0) return;
        foreach (string other in known.Except(named)) roost.RemoveEngine(other);
    }
}
