using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Roost.Samples;

/// <summary>Roost in a service: a hosted loop that runs until the host stops and then drains.</summary>
internal sealed class Service(RoostRuntime roost) : BackgroundService
{
    public static IHost CreateHost(string file)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddSingleton(services => new RoostRuntime(new RoostOptions { Path = file, LoggerFactory = services.GetService<ILoggerFactory>() })
            .AddEngines(typeof(Service).Assembly));
        builder.Services.AddHostedService<Service>();
        return builder.Build();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => roost.RunAsync(stoppingToken);
}
