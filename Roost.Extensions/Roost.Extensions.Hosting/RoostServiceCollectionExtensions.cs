using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Roost;
using Roost.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Adds Roost to a host: <c>services.AddRoost(o => o.Path = "roost.db").AddEngine&lt;OrderEngine&gt;()</c>. The host then opens the file when it starts, runs
/// the loop, and lets steps finish when it stops; <see cref="RoostRuntime"/> is a singleton of the container. Loggers are the container's, and so is the
/// <see cref="TimeProvider"/> where one is registered. Called again for the same runtime it adds to what was set before.
/// </summary>
public static class RoostServiceCollectionExtensions
{
    /// <summary>Adds the runtime that is resolved as <see cref="RoostRuntime"/>.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Sets the options; at least <see cref="RoostHostOptions.Path"/>.</param>
    /// <returns>What adds engines to it.</returns>
    public static RoostBuilder AddRoost(this IServiceCollection services, Action<RoostHostOptions> configure) =>
        services.Add(Options.Options.DefaultName, null, configure);

    /// <summary>Adds the runtime that is resolved as <see cref="RoostRuntime"/>, with its options from a configuration.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="section">The settings of <see cref="RoostHostOptions"/>; a value under a key that is none of them is an error at the start.</param>
    /// <param name="configure">Sets options after that. Default: none.</param>
    /// <returns>What adds engines to it.</returns>
    public static RoostBuilder AddRoost(this IServiceCollection services, IConfigurationSection section, Action<RoostHostOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.Add(Options.Options.DefaultName, section, configure);
    }

    /// <summary>Adds a runtime of several: a keyed service, resolved by <c>[FromKeyedServices("orders")] RoostRuntime roost</c>.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="name">Its name, which is the key.</param>
    /// <param name="configure">Sets the options; at least <see cref="RoostHostOptions.Path"/>.</param>
    /// <returns>What adds engines to it.</returns>
    public static RoostBuilder AddRoost(this IServiceCollection services, string name, Action<RoostHostOptions> configure)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return services.Add(name, null, configure);
    }

    /// <summary>Adds a runtime of several, a keyed service, with its options from a configuration.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="name">Its name, which is the key.</param>
    /// <param name="section">The settings of <see cref="RoostHostOptions"/>; a value under a key that is none of them is an error at the start.</param>
    /// <param name="configure">Sets options after that. Default: none.</param>
    /// <returns>What adds engines to it.</returns>
    public static RoostBuilder AddRoost(
        this IServiceCollection services, string name, IConfigurationSection section, Action<RoostHostOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(section);
        return services.Add(name, section, configure);
    }

    private static RoostBuilder Add(this IServiceCollection services, string name, IConfigurationSection? section, Action<RoostHostOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (section is null) ArgumentNullException.ThrowIfNull(configure);
        RuntimeRegistration registration = RuntimeRegistration.Find(services, name) ?? Register(services, name);
        OptionsBuilder<RoostHostOptions> options = services.AddOptions<RoostHostOptions>(name);
        if (section is not null)
        {
            registration.Sections.Add(section);
            options.Bind(section);
        }
        if (configure is not null) options.Configure(configure);
        return new(services, registration);
    }

    private static RuntimeRegistration Register(IServiceCollection services, string name)
    {
        var registration = new RuntimeRegistration(name);
        services.AddKeyedSingleton(name, registration);
        services.AddOptions<RoostHostOptions>(name).ValidateOnStart();
        services.AddSingleton<IValidateOptions<RoostHostOptions>>(all => new HostOptionsCheck(registration, all.GetService<IHostEnvironment>()));
        services.AddKeyedSingleton(name, (all, _) => new RuntimeSetup(registration, all));
        services.AddKeyedSingleton(name, (all, _) => new HostedLoop(registration, all));
        services.AddSingleton<IHostedService>(all => all.GetRequiredKeyedService<HostedLoop>(name));
        if (registration.IsDefault) services.TryAddSingleton(all => all.GetRequiredKeyedService<RuntimeSetup>(name).Open());
        else services.AddKeyedSingleton(name, (all, _) => all.GetRequiredKeyedService<RuntimeSetup>(name).Open());
        return registration;
    }
}
