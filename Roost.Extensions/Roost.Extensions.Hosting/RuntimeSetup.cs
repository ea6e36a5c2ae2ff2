using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Roost.Extensions.Hosting;

/// <summary>Makes one runtime of what was registered: first all is checked, and only then the file is opened.</summary>
internal sealed class RuntimeSetup
{
    /// <summary>What a loop needs to stop beside the time in which steps may finish: a second in which they obey their tokens, and the last writes.</summary>
    private static readonly TimeSpan BesideDrain = TimeSpan.FromSeconds(2);

    private readonly RuntimeRegistration registration;
    private readonly IServiceProvider services;
    private readonly Lazy<RoostOptions> verified;

    public RuntimeSetup(RuntimeRegistration registration, IServiceProvider services)
    {
        (this.registration, this.services) = (registration, services);
        verified = new(Verify);
    }

    /// <summary>The options as the host's program has set them.</summary>
    /// <exception cref="OptionsValidationException">One is wrong.</exception>
    public RoostHostOptions HostOptions => services.GetRequiredService<IOptionsMonitor<RoostHostOptions>>().Get(registration.Name);

    /// <summary>Checks options and engines; nothing is opened or written.</summary>
    /// <exception cref="OptionsValidationException">An option is wrong.</exception>
    /// <exception cref="InvalidInputException">An engine cannot be made or added.</exception>
    public void Check() => _ = verified.Value;

    /// <summary>Opens the file.</summary>
    public RoostRuntime Open()
    {
        var roost = new RoostRuntime(verified.Value);
        try
        {
            foreach (EngineSource engine in registration.Engines) engine.AddTo(roost, services);
            return roost;
        }
        catch
        {
            roost.Dispose();
            throw;
        }
    }

    private RoostOptions Verify()
    {
        RoostOptions options = Compose();
        CheckEngines(options);
        string[] skipped = [.. registration.Skipped.Where(each => registration.Engines.All(engine => engine.Type != each.Key)).Select(each => each.Value)];
        if (skipped.Length > 0)
            services.GetService<ILoggerFactory>()?.CreateLogger<RoostRuntime>().LogWarning("Engines that were not added: {Skipped}", string.Join("; ", skipped));
        return options;
    }

    private RoostOptions Compose()
    {
        RoostHostOptions host = HostOptions;
        var places = new Places(services.GetService<IHostEnvironment>());
        TimeSpan? most = host.RunLoop ? MostDrain() : null;
        RoostOptions options = host.ToRuntime();
        options = options with
        {
            Path = places.Of(host.Path),
            Root = places.Of(host.Root),
            Workspaces = options.Workspaces with { Root = places.Of(host.Workspaces.Root), Repository = places.Of(host.Workspaces.Repository) },
            Triggers = host.TriggerFile is null ? null : TriggerFile.Load(places.Of(host.TriggerFile)),
            DrainTime = host.DrainTime is null && most < options.DrainTime ? most.Value : options.DrainTime,
            TimeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System,
            LoggerFactory = services.GetService<ILoggerFactory>(),
        };
        foreach (Func<RoostOptions, IServiceProvider, RoostOptions> alter in registration.Alterations)
            options = alter(options, services) ?? throw Wrong("ConfigureRuntime", "returned null; return the options, altered by a with expression.");
        try
        {
            RoostRuntime.Check(options);
        }
        catch (InvalidInputException e)
        {
            throw Refused(registration.Told(e));
        }
        if (options.DrainTime > most)
            throw Refused(
                $"{registration.Key(nameof(RoostHostOptions.DrainTime))}: {options.DrainTime} does not fit into the time that the host has to stop; it may be " +
                $"{most} at most, {BesideDrain.TotalSeconds:0} s less than HostOptions.ShutdownTimeout. Shorten it, lengthen that, or leave it out.");
        return options;
    }

    /// <summary>How long steps may finish when the host stops; null for ever.</summary>
    private TimeSpan? MostDrain()
    {
        if (services.GetService<IOptions<HostOptions>>()?.Value.ShutdownTimeout is not { } whole || whole == Timeout.InfiniteTimeSpan) return null;
        return whole > BesideDrain ? whole - BesideDrain : TimeSpan.Zero;
    }

    private void CheckEngines(RoostOptions options)
    {
        if (registration.Engines.Count == 0 && HostOptions.RunLoop)
            throw Wrong(
                "AddEngine", $"{registration.Words} has no engine that its loop could run; add one by AddRoost(...).AddEngine<...>(), or set " +
                $"{registration.Key(nameof(RoostHostOptions.RunLoop))} to false in a program that only enqueues.");
        var known = new Dictionary<string, Type>(StringComparer.Ordinal);
        foreach (EngineSource engine in registration.Engines)
        {
            string id = IdOf(engine, options);
            if (!known.TryAdd(id, engine.Type))
                throw Wrong(
                    "AddEngine", known[id] == engine.Type
                        ? $"engine {engine.Type} was added to {registration.Words} twice under the id \"{id}\"; ids are unique in a runtime."
                        : $"engines {known[id]} and {engine.Type} of {registration.Words} have the same id, \"{id}\"; ids are unique in a runtime.");
        }
    }

    private string IdOf(EngineSource engine, RoostOptions options)
    {
        try
        {
            return RoostRuntime.EngineIdsOf(roost => engine.AddTo(roost, services), options)[0];
        }
        catch (Exception e)
        {
            throw Wrong("AddEngine", $"engine {engine.Type} of {registration.Words} cannot be used: {e.Message}", e);
        }
    }

    private OptionsValidationException Refused(string why) => new(registration.Name, typeof(RoostHostOptions), [why]);

    private static InvalidInputException Wrong(string field, string message, Exception? cause = null) => new(field, message, cause);
}
