using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Roost.Samples;

/// <summary>Roost in a service: a hosted loop that runs until the host stops and then drains.</summary>
internal static class Service
{
    public static IHost CreateHost(string file)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddRoost(options => options.Path = file).AddEnginesFrom(typeof(Service).Assembly);
        return builder.Build();
    }
}
