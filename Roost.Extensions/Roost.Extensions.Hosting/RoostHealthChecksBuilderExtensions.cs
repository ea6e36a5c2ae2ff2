using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Roost.Extensions.Hosting;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Health checks of runtimes that were added by <c>services.AddRoost</c>.</summary>
public static class RoostHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a health check of the runtime that is resolved without a key: the file can be read and the loop runs, or it is the failure status; nothing has been
    /// ready for too long, and there are not too many dead letters and open questions, or it is degraded. Its data are the figures.
    /// </summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="configure">
    /// Sets the thresholds; they are also the options of type <see cref="RoostHealthOptions"/> under the name of the check. Default: theirs.
    /// </param>
    /// <param name="name">The name of the check. Default <c>roost</c>.</param>
    /// <param name="failureStatus">What is reported where the file cannot be read or the loop does not run. Default: Unhealthy.</param>
    /// <param name="tags">Tags to pick the check by. Default: none.</param>
    /// <param name="timeout">How long a check may take. Default: without an end.</param>
    public static IHealthChecksBuilder AddRoost(
        this IHealthChecksBuilder builder, Action<RoostHealthOptions>? configure = null, string name = "roost", HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null, TimeSpan? timeout = null) =>
        builder.Add(Options.Options.DefaultName, configure, name, failureStatus, tags, timeout);

    /// <summary>Adds a health check of one of several runtimes.</summary>
    /// <param name="builder">The builder of the checks.</param>
    /// <param name="runtime">The name of the runtime.</param>
    /// <param name="configure">Sets the thresholds. Default: theirs.</param>
    /// <param name="name">The name of the check. Default <c>roost:</c> and the name of the runtime.</param>
    /// <param name="failureStatus">What is reported where the file cannot be read or the loop does not run. Default: Unhealthy.</param>
    /// <param name="tags">Tags to pick the check by. Default: none.</param>
    /// <param name="timeout">How long a check may take. Default: without an end.</param>
    /// <inheritdoc cref="AddRoost(IHealthChecksBuilder, Action{RoostHealthOptions}?, string, HealthStatus?, IEnumerable{string}?, TimeSpan?)" path="/summary"/>
    public static IHealthChecksBuilder AddRoost(
        this IHealthChecksBuilder builder, string runtime, Action<RoostHealthOptions>? configure = null, string? name = null,
        HealthStatus? failureStatus = null, IEnumerable<string>? tags = null, TimeSpan? timeout = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(runtime);
        return builder.Add(runtime, configure, name ?? $"roost:{runtime}", failureStatus, tags, timeout);
    }

    private static IHealthChecksBuilder Add(
        this IHealthChecksBuilder builder, string runtime, Action<RoostHealthOptions>? configure, string name, HealthStatus? failureStatus,
        IEnumerable<string>? tags, TimeSpan? timeout)
    {
        ArgumentNullException.ThrowIfNull(builder);
        OptionsBuilder<RoostHealthOptions> options = builder.Services.AddOptions<RoostHealthOptions>(name).ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        builder.Services.AddSingleton<IValidateOptions<RoostHealthOptions>>(services => new HealthOptionsCheck(name, runtime, services));
        return builder.Add(new(name, services => new RoostHealthCheck(runtime, name, services), failureStatus, tags, timeout));
    }
}
