using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Roost.Extensions.Hosting;

/// <summary>Looks at the thresholds of one health check when the host starts, and whether there is a runtime to check.</summary>
internal sealed class HealthOptionsCheck(string check, string runtime, IServiceProvider services) : IValidateOptions<RoostHealthOptions>
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    public ValidateOptionsResult Validate(string? name, RoostHealthOptions options)
    {
        if (name != check) return ValidateOptionsResult.Skip;
        string[] wrong = [.. Wrong(options)];
        return wrong.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private IEnumerable<string> Wrong(RoostHealthOptions options)
    {
        if (services.GetKeyedService<RuntimeRegistration>(runtime) is null)
            yield return runtime.Length == 0
                ? $"Health check \"{check}\": there is no Roost runtime; call services.AddRoost(...), or give AddRoost of the health checks the name of one."
                : $"Health check \"{check}\": there is no Roost runtime \"{runtime}\"; call services.AddRoost(\"{runtime}\", ...).";
        if (options.OldestReady is { } age && (age < TimeSpan.Zero || age > Longest))
            yield return Out(nameof(options.OldestReady), age, $"from 00:00:00 to {Longest}");
        if (options.DeadLetters is < 0) yield return Out(nameof(options.DeadLetters), options.DeadLetters, "0 or more");
        if (options.OpenAsks is < 0 or > RoostHealthCheck.MostAsks) yield return Out(nameof(options.OpenAsks), options.OpenAsks, "from 0 to 999");
    }

    private string Out(string threshold, object? value, string range) =>
        $"RoostHealthOptions.{threshold} of health check \"{check}\": {value} is out of range; it must be {range}, or null to leave it out.";
}
