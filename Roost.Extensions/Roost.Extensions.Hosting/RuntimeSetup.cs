using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Roost.Extensions.Hosting;

/// <summary>Makes one runtime of what was registered: first all is checked, and only then the file is opened.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The runtime is the container's singleton, which it disposes.")]
internal sealed class RuntimeSetup
{
    /// <summary>What a loop needs to stop beside the time in which steps may finish: a second in which they obey their tokens, and the last writes.</summary>
    private static readonly TimeSpan BesideDrain = TimeSpan.FromSeconds(2);

    private readonly RuntimeRegistration registration;
    private readonly IServiceProvider services;
    private readonly Lazy<RoostHostOptions> host;
    private readonly Lock gate = new();
    private RoostOptions? options;
    private RoostRuntime? opened;
    private bool isChecking, isChecked;

    public RuntimeSetup(RuntimeRegistration registration, IServiceProvider services)
    {
        (this.registration, this.services) = (registration, services);
        host = new(() => services.GetRequiredService<IOptionsMonitor<RoostHostOptions>>().Get(registration.Name), LazyThreadSafetyMode.PublicationOnly);
    }

    /// <summary>The options as the host's program has set them, read once.</summary>
    /// <exception cref="OptionsValidationException">One is wrong.</exception>
    public RoostHostOptions HostOptions => host.Value;

    /// <summary>Checks options and engines; nothing is opened or written, unless an engine cannot be made without the runtime.</summary>
    /// <exception cref="OptionsValidationException">An option is wrong.</exception>
    /// <exception cref="InvalidInputException">An engine cannot be made or added.</exception>
    public void Check()
    {
        lock (gate)
        {
            if (isChecked) return;
            options ??= Compose();
            isChecking = true;
            try
            {
                CheckEngines(options);
            }
            catch
            {
                opened?.Dispose(); // Nobody may go on with one that has no engines.
                throw;
            }
            finally
            {
                isChecking = false;
            }
            WarnOfSkipped();
            isChecked = true;
            if (opened is not null) AddEngines(opened);
        }
    }

    /// <summary>
    /// Opens the file, once all is checked. The container asks again while this runs where an engine's services take the runtime itself: they are given the
    /// one that is about to get its engines.
    /// </summary>
    public RoostRuntime Open()
    {
        lock (gate)
        {
            if (opened is not null) return opened;
            if (isChecking) return opened = new(options!);
            Check();
            if (opened is not null) return opened;
            opened = new(options!);
            AddEngines(opened);
            return opened;
        }
    }

    private void AddEngines(RoostRuntime roost)
    {
        try
        {
            foreach (EngineSource engine in registration.Engines) engine.AddTo(roost, services);
        }
        catch
        {
            roost.Dispose();
            throw;
        }
    }

    private void WarnOfSkipped()
    {
        string[] skipped = [.. registration.Skipped.Where(each => registration.Engines.All(engine => engine.Type != each.Key)).Select(each => each.Value)];
        if (skipped.Length == 0) return;
        ILogger? log = services.GetService<ILoggerFactory>()?.CreateLogger<RoostRuntime>();
        log?.LogWarning("Engines that were not added: {Skipped}", string.Join("; ", skipped));
    }

    private RoostOptions Compose()
    {
        var places = new Places(services.GetService<IHostEnvironment>());
        TimeSpan? most = HostOptions.RunLoop ? MostDrain() : null;
        RoostOptions composed = HostOptions.ToRuntime();
        composed = composed with
        {
            Path = places.Of(composed.Path),
            Root = places.Of(composed.Root),
            Workspaces = composed.Workspaces with { Root = places.Of(composed.Workspaces.Root), Repository = places.Of(composed.Workspaces.Repository) },
            Triggers = HostOptions.TriggerFile is null ? null : TriggerFile.Load(places.Of(HostOptions.TriggerFile)),
            DrainTime = HostOptions.DrainTime is null && most < composed.DrainTime ? most.Value : composed.DrainTime,
            TimeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System,
            LoggerFactory = services.GetService<ILoggerFactory>(),
        };
        foreach (Func<RoostOptions, IServiceProvider, RoostOptions> alter in registration.Alterations)
            composed = alter(composed, services) ?? throw Wrong("ConfigureRuntime", "returned null; return the options, altered by a with expression.");
        try
        {
            RoostRuntime.Check(composed);
        }
        catch (InvalidInputException e)
        {
            throw Refused(registration.Told(e));
        }
        if (composed.DrainTime > most)
            throw Refused(
                $"{registration.Key(nameof(RoostHostOptions.DrainTime))}: {composed.DrainTime} does not fit into the time that the host has to stop; it may " +
                $"be {most} at most, {BesideDrain.TotalSeconds:0} s less than HostOptions.ShutdownTimeout. Shorten it, lengthen that, or leave it out.");
        return composed;
    }

    /// <summary>How long steps may finish when the host stops; null for ever, or where there is no host.</summary>
    private TimeSpan? MostDrain()
    {
        if (services.GetService<IHostApplicationLifetime>() is null) return null;
        if (services.GetService<IOptions<HostOptions>>()?.Value.ShutdownTimeout is not { } whole || whole == Timeout.InfiniteTimeSpan) return null;
        return whole > BesideDrain ? whole - BesideDrain : TimeSpan.Zero;
    }

    private void CheckEngines(RoostOptions composed)
    {
        if (registration.Engines.Count == 0 && HostOptions.RunLoop)
            throw Wrong(
                "AddEngine", $"{registration.Words} has no engine that its loop could run; add one by AddRoost(...).AddEngine<...>(), or set " +
                $"{registration.Key(nameof(RoostHostOptions.RunLoop))} to false in a program that only enqueues.");
        var known = new Dictionary<string, Type>(StringComparer.Ordinal);
        foreach (EngineSource engine in registration.Engines)
        {
            string id = IdOf(engine, composed);
            if (!known.TryAdd(id, engine.Type))
                throw Wrong(
                    "AddEngine", known[id] == engine.Type
                        ? $"engine {engine.Type} was added to {registration.Words} twice under the id \"{id}\"; ids are unique in a runtime."
                        : $"engines {known[id]} and {engine.Type} of {registration.Words} have the same id, \"{id}\"; ids are unique in a runtime.");
        }
    }

    private string IdOf(EngineSource engine, RoostOptions composed)
    {
        try
        {
            return RoostRuntime.EngineIdsOf(roost => engine.AddTo(roost, services), composed)[0];
        }
        catch (Exception e)
        {
            throw Wrong("AddEngine", $"engine {engine.Type} of {registration.Words} cannot be used: {e.Message}", e);
        }
    }

    private OptionsValidationException Refused(string why) => new(registration.Name, typeof(RoostHostOptions), [why]);

    private static InvalidInputException Wrong(string field, string message, Exception? cause = null) => new(field, message, cause);
}
