using Microsoft.AspNetCore.Authorization;

namespace Roost.AspNetCore;

/// <summary>The consoles that a program has mapped.</summary>
internal sealed class ConsoleMounts
{
    private readonly List<(ConsoleMount Mount, IEndpointRouteBuilder Endpoints)> all = [];

    public void Add(ConsoleMount mount, IEndpointRouteBuilder endpoints)
    {
        if (all.Any(each => each.Mount.Prefix == mount.Prefix && each.Endpoints == endpoints))
            throw new InvalidInputException("prefix", $"\"{mount.Prefix}\" has a console already; give this one another path.");
        all.Add((mount, endpoints));
    }

    /// <summary>Each console with the addresses that it has in the end.</summary>
    public IEnumerable<(ConsoleMount Mount, Endpoint[] Endpoints)> All => all.Select(each => (
        each.Mount,
        each.Endpoints.DataSources.SelectMany(source => source.Endpoints)
            .Where(endpoint => endpoint.Metadata.GetMetadata<ConsoleMount>() == each.Mount)
            .ToArray()
    ));
}

/// <summary>Ends the start of a program whose console anybody could use, or that has nothing to look into.</summary>
internal sealed class MountCheck(ConsoleMounts mounts, IHostEnvironment environment, IServiceProvider services) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach ((ConsoleMount mount, Endpoint[] endpoints) in mounts.All)
        {
            _ = mount.Runtime;
            if (environment.IsDevelopment()) continue;
            if (endpoints.Any(endpoint => !SaysWhoMay(endpoint)) && !await HasFallbackAsync().ConfigureAwait(false))
                throw new InvalidOperationException(
                    $"The console of Roost at {mount.Prefix} is mapped without authorisation, and this is not the development environment: whoever " +
                    "reaches it could read and change all work. Add .RequireAuthorization() to MapRoostConsole, or .AllowAnonymous() where " +
                    "something else guards it."
                );
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static bool SaysWhoMay(Endpoint endpoint) =>
        endpoint.Metadata.Any(each => each is IAuthorizeData or AuthorizationPolicy or IAuthorizationRequirementData or IAllowAnonymous);

    private async Task<bool> HasFallbackAsync() =>
        services.GetService<IAuthorizationPolicyProvider>() is { } policies && await policies.GetFallbackPolicyAsync().ConfigureAwait(false) is not null;
}
