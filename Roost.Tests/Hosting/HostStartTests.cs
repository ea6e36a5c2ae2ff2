using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Roost.Extensions.Hosting;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What is wrong is told when the host starts, by name, before anything is written.</summary>
[TestFixture]
internal sealed class HostStartTests
{
    private sealed class Missing;

    private sealed class NeedyEngine(Missing missing) : Engine<int>
    {
        public override string EngineId => missing.ToString()!;

        protected override int Init(WorkItem item) => 0;

        protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(Done(state));
    }

    private sealed class Losing
    {
        public int Count { get; private set; }
    }

    private sealed class LosingEngine : Engine<Losing>
    {
        public override string EngineId => "losing";

        protected override Losing Init(WorkItem item) => new();

        protected override Task<Outcome> StepAsync(Losing state, StepContext context) => Task.FromResult(Done(state));
    }

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Case("No_path", it => it.AddRoost(_ => { }).AddEngine<HostedEngine>(), "RoostHostOptions.Path: is empty", "roost.db");
        yield return Case(
            "No_path_of_a_named_runtime", it => it.AddRoost("orders", _ => { }).AddEngine<HostedEngine>(), "RoostHostOptions.Path of \"orders\": is empty");
        yield return Case("No_path_in_a_configuration", it => it.AddRoost(Section()).AddEngine<HostedEngine>(), "App:Roost:Path: is empty");
        yield return Case(
            "A_path_in_a_folder_that_is_not_there", it => it.AddRoost(o => o.Path = "no/such/roost.db").AddEngine<HostedEngine>(),
            "RoostHostOptions.Path: there is no folder ", "for \"no/such/roost.db\"");
        yield return Case(
            "A_root_that_is_not_there", it => it.AddRoost(o => (o.Root, o.Namespace) = ("no/such", "acme")).AddEngine<HostedEngine>(),
            "RoostHostOptions.Root: there is no folder ", "for \"no/such\"");
        yield return Case("A_file_in_memory", it => it.AddRoost(o => o.Path = ":memory:").AddEngine<HostedEngine>(), "RoostHostOptions.Path: \":memory:\"");
        yield return Case(
            "A_lease_of_nothing", it => it.AddRoost(Section(("LeaseTime", "00:00:00"))).AddEngine<HostedEngine>(),
            "App:Roost:LeaseTime: 00:00:00 is out of range; it must be from 00:00:01 to 1.00:00:00.");
        yield return Case(
            "A_duration_that_is_none", it => it.AddRoost(Section(("LeaseTime", "soon"))).AddEngine<HostedEngine>(), "'soon'", "'App:Roost:LeaseTime'");
        yield return Case(
            "A_key_that_is_misspelled", it => it.AddRoost(Section(("Concurency", "3"))).AddEngine<HostedEngine>(),
            "App:Roost:Concurency: there is no such setting", "Concurrency");
        yield return Case(
            "A_key_of_workspaces_that_is_misspelled", it => it.AddRoost(Section(("Workspaces:Rot", "here"))).AddEngine<HostedEngine>(),
            "App:Roost:Workspaces:Rot: there is no such setting", "Repository");
        yield return Case(
            "Workspaces_that_break_a_rule", it => it.AddRoost(Section(("Path", "roost.db"), ("Workspaces:Mode", "Clone"))).AddEngine<HostedEngine>(),
            "App:Roost:Workspaces:Repository: is missing");
        yield return Case(
            "A_trigger_file_that_is_not_there", it => it.AddRoost(o => (o.Path, o.TriggerFile) = ("roost.db", "no.json")).AddEngine<HostedEngine>(),
            "RoostHostOptions.TriggerFile: ", "no.json");
        yield return Case(
            "A_drain_that_is_longer_than_the_hosts", it => it.AddRoost(o => (o.Path, o.DrainTime) = ("roost.db", TimeSpan.FromSeconds(29)))
                .AddEngine<HostedEngine>(), "RoostHostOptions.DrainTime: 00:00:29", "00:00:28 at most", "HostOptions.ShutdownTimeout");
        yield return Case("A_loop_without_an_engine", it => it.AddRoost(o => o.Path = "roost.db"), "no engine that its loop could run", "RunLoop");
        yield return Case(
            "Two_engines_of_one_id", it => it.AddRoost(o => o.Path = "roost.db").AddEngine<HostedEngine>().AddEngine<ImpostorEngine>(),
            "Roost.Tests.Support.HostedEngine and Roost.Tests.Support.ImpostorEngine", "the same id, \"hosted\"");
        yield return Case(
            "One_engine_twice", it => it.AddRoost(o => o.Path = "roost.db").AddEngine(new ImpostorEngine()).AddEngine(new ImpostorEngine()),
            "Roost.Tests.Support.ImpostorEngine was added to the Roost runtime twice");
        yield return Case(
            "An_engine_whose_scope_cannot_be_built", it => it.AddRoost(o => o.Path = "roost.db").AddEngine<NeedyEngine>(),
            "engine Roost.Tests.HostStartTests+NeedyEngine of the Roost runtime cannot be used", "'Roost.Tests.HostStartTests+Missing'");
        yield return Case(
            "A_singleton_that_cannot_be_built",
            it => it.AddRoost("orders", o => o.Path = "roost.db").AddEngine<NeedyEngine>(ServiceLifetime.Singleton),
            "of the Roost runtime \"orders\" cannot be used", "'Roost.Tests.HostStartTests+Missing'");
        yield return Case(
            "A_factory_that_throws",
            it => it.AddRoost(o => o.Path = "roost.db").AddEngine<HostedEngine>(_ => throw new TimeoutException("The vault is closed.")),
            "engine Roost.Tests.Support.HostedEngine of the Roost runtime cannot be used: The vault is closed.");
        yield return Case(
            "A_state_that_would_not_come_back", it => it.AddRoost(o => o.Path = "roost.db").AddEngine<LosingEngine>(),
            "LosingEngine of the Roost runtime cannot be used: state: of engine \"losing\"");
        yield return Case(
            "An_alteration_that_returns_nothing",
            it => it.AddRoost(o => o.Path = "roost.db").AddEngine<HostedEngine>().ConfigureRuntime(_ => null!), "ConfigureRuntime: returned null");
        yield return Case(
            "An_alteration_that_breaks_a_rule",
            it => it.AddRoost(o => o.Path = "roost.db").AddEngine<HostedEngine>().ConfigureRuntime(o => o with { Concurrency = 0 }),
            "RoostHostOptions.Concurrency: 0 is out of range; it must be from 1 to 4096.");
        yield return Case(
            "A_health_check_of_no_runtime", it => it.AddHealthChecks().AddRoost("orders"),
            "Health check \"roost:orders\": there is no Roost runtime \"orders\"");
        yield return Case("A_threshold_below_zero", it =>
        {
            it.AddRoost(o => o.Path = "roost.db").AddEngine<HostedEngine>();
            it.AddHealthChecks().AddRoost(o => o.DeadLetters = -1);
        }, "RoostHealthOptions.DeadLetters of health check \"roost\": -1 is out of range");
    }

    [TestCaseSource(nameof(Wrong))]
    public async Task Stops_the_start(Action<IServiceCollection> add, string[] parts)
    {
        using var folder = new TemporaryFolder();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new() { ContentRootPath = folder.Root });
        builder.Services.AddSingleton<Visits>().AddScoped<Visit>().AddSingleton(HostedStep.From((state, _) => ScriptedEngine.Finish(state)));
        add(builder.Services);
        using IHost host = builder.Build();

        Exception told = (await host.Invoking(it => it.StartAsync()).Should().ThrowAsync<Exception>()).Which;

        told.Should().Match(it => it is OptionsValidationException || it is InvalidInputException || it is InvalidOperationException);
        told.Message.Should().ContainAll(parts);
        Directory.GetFileSystemEntries(folder.Root).Should().BeEmpty("nothing is made before all is right");
    }

    [Test]
    public async Task All_runtimes_are_checked_before_the_first_of_them_opens_its_file()
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = TestHost.Of(services =>
        {
            services.AddRoost(it => it.Path = folder["roost.db"]).AddEngine<HostedEngine>();
            services.AddRoost("orders", it => it.Path = folder["orders.db"]).AddEngine<NeedyEngine>();
        });

        await host.Invoking(it => it.StartAsync()).Should().ThrowAsync<InvalidInputException>();

        Directory.GetFileSystemEntries(folder.Root).Should().BeEmpty();
    }

    [Test]
    public async Task What_is_resolved_without_a_host_is_checked_as_well()
    {
        using var folder = new TemporaryFolder();
        var services = new ServiceCollection();
        services.AddRoost(it => it.Path = folder["roost.db"]).AddEngine<NeedyEngine>();
        services.AddRoost("orders", it => it.Path = folder["orders.db"]).AddEngine<ImpostorEngine>();
        await using ServiceProvider provider = services.BuildServiceProvider();

        provider.Invoking(it => it.GetRequiredService<RoostRuntime>()).Should().Throw<InvalidInputException>();

        Directory.GetFileSystemEntries(folder.Root).Should().BeEmpty();
        RoostRuntime orders = provider.GetRequiredKeyedService<RoostRuntime>("orders");
        WorkHandle work = await orders.EnqueueAsync<ImpostorEngine>();
        (await orders.RunUntilDoneAsync(work)).State.Should().Be(WorkState.Done);
    }

    [Test]
    public void An_assembly_without_a_public_engine_is_refused_at_once() =>
        new ServiceCollection().AddRoost(it => it.Path = "roost.db")
            .Invoking(it => it.AddEnginesFrom(typeof(RoostBuilder).Assembly))
            .Should().Throw<InvalidInputException>().WithMessage("assembly: Roost.Extensions.Hosting has no public class that implements IEngine*");

    private static TestCaseData Case(string name, Action<IServiceCollection> add, params string[] parts) => new TestCaseData(add, parts).SetName(name);

    private static IConfigurationSection Section(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(each => KeyValuePair.Create($"App:Roost:{each.Key}", (string?)each.Value)))
        .Build()
        .GetSection("App:Roost");
}
