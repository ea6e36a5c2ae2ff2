using Microsoft.Extensions.DependencyInjection.Extensions;
using Roost.AspNetCore;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What the console of Roost needs of a program's services.</summary>
public static class RoostConsoleServices
{
    /// <summary>
    /// Adds what <see cref="RoostConsoleEndpoints.MapRoostConsole"/> needs: components rendered on the server, antiforgery, and a check at the program's
    /// start that every console is behind an authorisation. Calling it again adds nothing.
    /// </summary>
    public static IServiceCollection AddRoostConsole(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddRazorComponents();
        services.AddHttpContextAccessor();
        services.AddAntiforgery();
        services.TryAddSingleton<ConsoleMounts>();
        services.TryAddScoped(provider => ConsoleMount.Of(provider.GetRequiredService<IHttpContextAccessor>().HttpContext!));
        services.TryAddScoped<ConsoleRoot>();
        services.TryAddScoped(provider => provider.GetRequiredService<ConsoleMount>().Options);
        services.TryAddScoped(provider => provider.GetRequiredService<ConsoleMount>().Secrets);
        services.TryAddScoped(provider => provider.GetRequiredService<ConsoleMount>().Notes);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MountCheck>());
        return services;
    }
}
