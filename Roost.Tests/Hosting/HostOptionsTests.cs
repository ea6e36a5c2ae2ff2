using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Roost.Extensions.Hosting;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The settings of a hosted runtime, from code and from a configuration.</summary>
[TestFixture]
internal sealed class HostOptionsTests
{
    /// <summary>What no configuration can hold.</summary>
    private static readonly string[] OnlyInCode =
        [nameof(RoostOptions.Json), nameof(RoostOptions.Triggers), nameof(RoostOptions.TimeProvider), nameof(RoostOptions.LoggerFactory)];

    /// <summary>What the host does with them, or reads from elsewhere.</summary>
    private static readonly string[] OnlyInHost = [nameof(RoostHostOptions.RunLoop), nameof(RoostHostOptions.TriggerFile)];

    [Test]
    public void They_are_those_of_the_library_with_its_defaults_but_for_what_no_configuration_can_hold()
    {
        IEnumerable<string> here = typeof(RoostHostOptions).GetProperties().Select(it => it.Name).Except(OnlyInHost);
        IEnumerable<string> there = typeof(RoostOptions).GetProperties().Select(it => it.Name).Except(OnlyInCode);

        here.Should().BeEquivalentTo(there);
        new RoostHostOptions().ToRuntime().Should().Be(new RoostOptions());
    }

    [Test]
    public void Each_of_them_reaches_the_runtime()
    {
        foreach (PropertyInfo setting in typeof(RoostHostOptions).GetProperties().Where(it => !OnlyInHost.Contains(it.Name)))
        {
            var options = new RoostHostOptions();
            object value = Other(Nullable.GetUnderlyingType(setting.PropertyType) ?? setting.PropertyType);
            setting.SetValue(options, value);

            typeof(RoostOptions).GetProperty(setting.Name)!.GetValue(options.ToRuntime()).Should().BeEquivalentTo(value, setting.Name);
        }
    }

    [Test]
    public async Task They_are_bound_from_a_file_of_JSON_and_altered_in_code_where_it_cannot_hold_them()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["triggers.json"], """{ "triggers": [ { "when": "hosted", "enqueue": "other" } ] }""");
        await File.WriteAllTextAsync(folder["appsettings.json"], """
            {
              "Roost": {
                "Path": "roost.db", "Durability": "ProcessCrash", "Concurrency": 3, "Queues": [ "bulk", "mail" ], "LeaseTime": "00:01:00",
                "StepTimeout": "00:00:10", "DrainTime": "00:00:02.5", "MaxEvents": 5000, "TriggerFile": "triggers.json",
                "Workspaces": { "Root": "elsewhere", "Mode": "Folder" }, "Orders": { "Path": "orders.db" }, "RunLoop": "true"
              }
            }
            """);
        var json = new JsonSerializerOptions(RoostJson.Default) { WriteIndented = true };
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new() { ContentRootPath = folder.Root });
        builder.Configuration.AddJsonFile(folder["appsettings.json"]);
        builder.Services
            .AddRoost(builder.Configuration.GetSection("Roost"), it => it.Concurrency++)
            .AddEngine<ImpostorEngine>()
            .ConfigureRuntime(options => options with { Json = json });
        builder.Services.AddRoost("orders", builder.Configuration.GetSection("Roost:Orders"), it => it.RunLoop = false);
        using IHost host = builder.Build();
        await host.StartAsync();

        RoostRuntime roost = host.Services.GetRequiredService<RoostRuntime>();
        roost.Path.Should().Be(folder["roost.db"], "a relative path is taken from the content root");
        RoostOptions options = roost.Options;
        (options.Durability, options.Concurrency, options.LeaseTime).Should().Be((Durability.ProcessCrash, 4, TimeSpan.FromMinutes(1)));
        (options.StepTimeout, options.DrainTime, options.MaxEvents).Should().Be((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2.5), 5000L));
        options.Queues.Should().Equal("bulk", "mail");
        options.Triggers.Should().ContainSingle(trigger => trigger.Enqueue == "other");
        options.Workspaces.Should().Be(new WorkspaceOptions { Root = folder["elsewhere"], Mode = WorkspaceMode.Folder });
        options.Json.Should().BeSameAs(json);
        host.Services.GetRequiredKeyedService<RoostRuntime>("orders").Path.Should().Be(folder["orders.db"]);
        await host.StopAsync();
    }

    private static object Other(Type type) =>
        type == typeof(string) ? "elsewhere"
        : type == typeof(int) ? 7
        : type == typeof(long) ? 7000L
        : type == typeof(bool) ? true
        : type == typeof(TimeSpan) ? TimeSpan.FromSeconds(7)
        : type == typeof(Durability) ? Durability.None
        : type == typeof(RoostHostWorkspaces) ? new RoostHostWorkspaces
        {
            Root = "elsewhere",
            Repository = "repository",
            Mode = WorkspaceMode.Clone,
            BaseRevision = "main",
        }
        : type == typeof(IList<string>) ? new List<string> { "bulk" }
        : throw new NotSupportedException($"{type} is new here; give it a value.");
}
