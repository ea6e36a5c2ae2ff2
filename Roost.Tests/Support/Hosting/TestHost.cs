using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Roost.Extensions.Hosting;

namespace Roost.Tests.Support;

/// <summary>A generic host in a test, without configuration or log of its own.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost host;

    private TestHost(IHost host) => this.host = host;

    public IServiceProvider Services => host.Services;

    public RoostRuntime Roost => Services.GetRequiredService<RoostRuntime>();

    public IHostApplicationLifetime Lifetime => Services.GetRequiredService<IHostApplicationLifetime>();

    /// <summary>A host with whatever the test adds; <see cref="HostedEngine"/> finds its services.</summary>
    public static TestHost Of(Action<IServiceCollection> add, HostedStep? step = null, ILoggerFactory? log = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<Visits>().AddScoped<Visit>().AddSingleton(step ?? HostedStep.From((state, _) => ScriptedEngine.Finish(state + 1)));
        if (log is not null) builder.Services.AddSingleton(log);
        add(builder.Services);
        return new(builder.Build());
    }

    /// <summary>The same with one engine on a file, started.</summary>
    public static async Task<TestHost> StartAsync(
        string path, HostedStep? step = null, Action<RoostHostOptions>? options = null, Action<IServiceCollection>? more = null, ILoggerFactory? log = null)
    {
        TestHost host = Of(services =>
        {
            services.AddRoost(it =>
            {
                (it.Path, it.Durability) = (path, Durability.None);
                options?.Invoke(it);
            }).AddEngine<HostedEngine>();
            more?.Invoke(services);
        }, step, log);
        await host.StartAsync();
        return host;
    }

    public Task StartAsync() => host.StartAsync().Soon();

    public Task StopAsync() => host.StopAsync().Soon();

    public HostedLoop LoopOf(string runtime = "") => Services.GetRequiredKeyedService<HostedLoop>(runtime);

    public ValueTask DisposeAsync() => ((IAsyncDisposable)host).DisposeAsync();
}
