using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Roost.Samples.Demo;

namespace Roost.Tests.Shown;

/// <summary>Code that pages show: typed handles, several runtimes and health checks of a host.</summary>
internal static class Hosting
{
    public static async Task HandlesAsync(string file)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddRoost(options => options.Path = file).AddEngine<DemoEngine>();
        builder.Services.AddHealthChecks().AddRoost(limits => limits.OldestReady = TimeSpan.FromMinutes(10));
        using IHost host = builder.Build();
        await host.StartAsync();

        RoostRuntime roost = host.Services.GetRequiredService<RoostRuntime>();
        WorkHandle work = await roost.EnqueueAsync<DemoEngine>(new DemoPayload("hello", CountTo: 2));
        DemoState last = await work.WaitAsync<DemoState>(TimeSpan.FromMinutes(1));

        last.Count.Should().Be(2);
        HealthReport health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        health.Status.Should().Be(HealthStatus.Healthy);
        await host.StopAsync();
    }

    public static async Task SeveralAsync(string file)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddRoost("orders", options => options.Path = file).AddEngine<DemoEngine>();
        builder.Services.AddRoost("mails", options => (options.Path, options.RunLoop) = (file + ".mails", false));
        using IHost host = builder.Build();
        await host.StartAsync();

        RoostRuntime orders = host.Services.GetRequiredKeyedService<RoostRuntime>("orders");

        orders.Path.Should().Be(file);
        await host.StopAsync();
    }
}
