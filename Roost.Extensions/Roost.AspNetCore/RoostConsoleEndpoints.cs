using Roost;
using Roost.AspNetCore;

namespace Microsoft.AspNetCore.Builder;

/// <summary>The console of Roost among the addresses of a program.</summary>
public static class RoostConsoleEndpoints
{
    /// <summary>
    /// Maps the console below a path. Outside the development environment the program does not start unless the console is behind an authorisation: call
    /// <c>RequireAuthorization</c> on what this returns, or set a fallback policy; <c>AllowAnonymous</c> says that something else guards it. Whoever is let
    /// in sees every payload and state, and unless <see cref="ConsoleOptions.ReadOnly"/> is set, may cancel, retry and answer. The base path of the program
    /// and its forwarded headers are respected; forms are guarded by its antiforgery.
    /// </summary>
    /// <param name="endpoints">The program.</param>
    /// <param name="prefix">The path, which must be plain: letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and <c>/</c>. Default <c>/roost</c>.</param>
    /// <param name="options">The settings. Default: the runtime of the services, with actions, secrets masked.</param>
    /// <returns>All addresses of the console, to require an authorisation, a host or a rate limit for.</returns>
    /// <exception cref="InvalidInputException">The path is not plain, or another console has it.</exception>
    /// <exception cref="InvalidOperationException"><c>AddRoostConsole</c> was not called on the services.</exception>
    public static IEndpointConventionBuilder MapRoostConsole(this IEndpointRouteBuilder endpoints, string prefix = "/roost", ConsoleOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ConsoleMounts mounts = endpoints.ServiceProvider.GetService<ConsoleMounts>()
            ?? throw new InvalidOperationException(
                "The console of Roost has no services: call builder.Services.AddRoostConsole() before the program is built."
            );
        options ??= new();
        var mount = new ConsoleMount(
            PathOf(prefix),
            options,
            () => options.Runtime ?? endpoints.ServiceProvider.GetService<RoostRuntime>() ?? throw new InvalidOperationException(
                $"The console at {prefix} has no runtime: the services hold no RoostRuntime. Register one, or give MapRoostConsole a ConsoleOptions.Runtime."),
            Report,
            "in the log of this program");
        mounts.Add(mount, endpoints);
        RouteGroupBuilder group = endpoints.MapGroup(mount.Prefix);
        Routes.Map(group, mount);
        return group;
    }

    private static Task Report(HttpContext context, Exception defect)
    {
        ILogger log = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ConsoleMount).Namespace!);
        log.LogError(defect, "The console of Roost has a defect at {Path}", context.Request.Path);
        return Task.CompletedTask;
    }

    private static string PathOf(string? prefix)
    {
        string path = $"/{prefix?.Trim().Trim('/')}".TrimEnd('/');
        return path.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '-' or '_' or '.') && !path.Contains("//", StringComparison.Ordinal)
            ? path
            : throw new InvalidInputException("prefix", $"is \"{prefix}\"; it must be a plain path, such as /roost.");
    }
}
