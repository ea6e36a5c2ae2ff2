using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Roost.Extensions.Hosting;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What a host's health check says of a runtime is so.</summary>
[TestFixture]
internal sealed class HealthCheckTests
{
    private static readonly HostedStep Asking = HostedStep.From((state, _) => Outcome.WaitFor(state, new Wait { Ask = Ask.Of<bool>("Go on?") }));

    [Test]
    public async Task A_runtime_whose_loop_runs_is_healthy_and_its_data_are_the_figures()
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = await StartAsync(folder);
        await (await host.Roost.EnqueueAsync<HostedEngine>()).WaitAsync<int>(Gate.Patience);
        await host.Roost.EnqueueAsync<HostedEngine>(with: item => item with { Delay = TimeSpan.FromHours(1) });
        await Waiting.Until(() => host.LoopOf().State == LoopState.Running);

        HealthReportEntry entry = await CheckAsync(host);

        (entry.Status, entry.Description).Should().Be((HealthStatus.Healthy, "The loop runs."));
        entry.Data.Should().BeEquivalentTo(new Dictionary<string, object>
        {
            ["loop"] = "running",
            ["file"] = host.Roost.Path,
            ["ready"] = 0L,
            ["delayed"] = 1L,
            ["blocked"] = 0L,
            ["running"] = 0L,
            ["waiting"] = 0L,
            ["paused"] = 0L,
            ["dead_letters"] = 0L,
            ["open_asks"] = 0,
        });
    }

    [Test]
    public async Task A_host_that_has_not_started_is_said_to_be_such()
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = TestHost.Of(services =>
        {
            services.AddRoost("orders", it => it.Path = folder["roost.db"]).AddEngine<HostedEngine>();
            services.AddHealthChecks().AddRoost("orders", tags: ["ready"]);
        });

        HealthReportEntry entry = await CheckAsync(host, "roost:orders");

        (entry.Status, entry.Description).Should().Be((HealthStatus.Unhealthy, "The host has not started the runtime yet."));
        entry.Tags.Should().Equal("ready");
        Directory.GetFiles(folder.Root).Should().BeEmpty("a check opens nothing");
    }

    [Test]
    public async Task Work_that_has_been_ready_for_too_long_is_degraded_and_that_of_a_paused_engine_is_not()
    {
        using var folder = new TemporaryFolder();
        FakeTimeProvider clock = TestRuntime.Clock();
        await using TestHost host = await StartAsync(folder, options: it => it.RunLoop = false, more: it => it.AddSingleton<TimeProvider>(clock));
        await host.Roost.EnqueueAsync<HostedEngine>();
        clock.Advance(TimeSpan.FromMinutes(5));
        (await CheckAsync(host)).Status.Should().Be(HealthStatus.Healthy, "it is not longer than that");

        clock.Advance(TimeSpan.FromSeconds(2));
        HealthReportEntry entry = await CheckAsync(host);

        (entry.Status, entry.Description).Should().Be(
            (HealthStatus.Degraded, "This program runs no loop. Work has been ready for 00:05:02, longer than 00:05:00."));
        entry.Data.Should().Contain("loop", "none").And.Contain("ready", 1L).And.Contain("oldest_ready_seconds", 302d);
        foreach (PauseTarget target in (PauseTarget[])[PauseTarget.Engine("hosted"), PauseTarget.Queue("default"), PauseTarget.File])
        {
            await host.Roost.PauseAsync(target, "why", "who");
            (await CheckAsync(host)).Status.Should().Be(HealthStatus.Healthy, "{0} is paused", target);
            await host.Roost.ResumeAsync(target, "who");
        }
    }

    [Test]
    public async Task Work_that_is_due_and_that_no_worker_looks_at_counts_as_ready()
    {
        using var folder = new TemporaryFolder();
        FakeTimeProvider clock = TestRuntime.Clock();
        await using TestHost host = await StartAsync(
            folder, it => it.OldestReady = TimeSpan.FromMinutes(1), options: it => it.RunLoop = false, more: it => it.AddSingleton<TimeProvider>(clock));
        await host.Roost.EnqueueAsync<HostedEngine>(with: item => item with { Delay = TimeSpan.FromSeconds(30) });

        clock.Advance(TimeSpan.FromSeconds(90));
        (await CheckAsync(host)).Status.Should().Be(HealthStatus.Healthy);
        clock.Advance(TimeSpan.FromSeconds(1));

        (await CheckAsync(host)).Description.Should().EndWith("Work has been ready for 00:01:01, longer than 00:01:00.");
    }

    [Test]
    public async Task Dead_letters_over_the_threshold_are_degraded()
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = await StartAsync(folder, it => it.DeadLetters = 1, HostedStep.From((_, _) => ScriptedEngine.GiveUp("no")));
        await (await host.Roost.EnqueueAsync<HostedEngine>()).WaitAsync(Gate.Patience);
        (await CheckAsync(host)).Status.Should().Be(HealthStatus.Healthy);

        await (await host.Roost.EnqueueAsync<HostedEngine>()).WaitAsync(Gate.Patience);

        HealthReportEntry entry = await CheckAsync(host);
        (entry.Status, entry.Description).Should().Be((HealthStatus.Degraded, "The loop runs. Dead letters: 2, more than 1."));
        entry.Data.Should().Contain("dead_letters", 2L);
    }

    [Test]
    public async Task Open_questions_over_the_threshold_are_degraded()
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = await StartAsync(folder, it => it.OpenAsks = 1, Asking);
        for (int asks = 1; asks <= 3; asks++)
        {
            await host.Roost.EnqueueAsync<HostedEngine>();
            while ((await host.Roost.ListAsksAsync()).Items.Count < asks) await Task.Delay(1);
            if (asks == 1) (await CheckAsync(host)).Data.Should().Contain("open_asks", 1);
        }

        HealthReportEntry entry = await CheckAsync(host);

        (entry.Status, entry.Description).Should().Be((HealthStatus.Degraded, "The loop runs. Open questions: at least 2, more than 1."));
        entry.Data.Should().Contain("open_asks_at_least", 2).And.NotContainKey("open_asks");
    }

    [Test]
    public async Task Thresholds_that_are_null_are_not_looked_at()
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = await StartAsync(
            folder, it => (it.OldestReady, it.DeadLetters, it.OpenAsks) = (null, null, null), HostedStep.From((_, _) => ScriptedEngine.GiveUp("no")));
        await (await host.Roost.EnqueueAsync<HostedEngine>()).WaitAsync(Gate.Patience);

        HealthReportEntry entry = await CheckAsync(host);

        entry.Status.Should().Be(HealthStatus.Healthy);
        entry.Data.Keys.Should().NotContain(["oldest_ready_seconds", "open_asks"]);
    }

    [Test]
    [Platform(Exclude = "Win")] // An open file cannot be deleted there.
    public async Task A_loop_that_has_ended_with_an_error_and_a_file_that_is_gone_are_unhealthy()
    {
        using var folder = new TemporaryFolder();
        var log = new WaitingLog("has ended with an error");
        await using TestHost host = await StartAsync(
            folder, more: it => it.Configure<HostOptions>(o => o.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore), log: log);
        await (await host.Roost.EnqueueAsync<HostedEngine>()).WaitAsync<int>(Gate.Patience);
        File.Delete(folder["roost.db"]);
        await log.Seen.Soon();

        HealthReportEntry entry = await CheckAsync(host);

        entry.Status.Should().Be(HealthStatus.Unhealthy);
        entry.Description.Should().StartWith("The file cannot be read: ").And.Contain("the loop had ended with an error");
        entry.Exception.Should().BeOfType<FileRefusedException>();
        entry.Data.Should().Contain("loop", "failed");
    }

    [Test]
    public async Task A_host_that_stops_is_degraded_while_its_steps_finish_and_its_loop_is_no_more_afterwards()
    {
        using var folder = new TemporaryFolder();
        var gate = new Gate();
        await using TestHost host = await StartAsync(folder, step: new(async (_, _, _) =>
        {
            await gate.PassAsync();
            return ScriptedEngine.Finish(1);
        }));
        await host.Roost.EnqueueAsync<HostedEngine>();
        await gate.Reached;
        Task stopping = host.StopAsync();
        await Waiting.Until(() => host.LoopOf().State == LoopState.Stopping);

        HealthReportEntry during = await CheckAsync(host);
        gate.Open();
        await stopping;
        HealthReportEntry after = await CheckAsync(host);

        (during.Status, during.Description).Should().Be(
            (HealthStatus.Degraded, "The host stops: nothing more is claimed, and running steps finish."));
        (after.Status, after.Description).Should().Be((HealthStatus.Unhealthy, "The loop has stopped."));
    }

    private static Task<TestHost> StartAsync(
        TemporaryFolder folder, Action<RoostHealthOptions>? limits = null, HostedStep? step = null, Action<RoostHostOptions>? options = null,
        Action<IServiceCollection>? more = null, TestLog? log = null) =>
        TestHost.StartAsync(folder["roost.db"], step, options, services =>
        {
            services.AddHealthChecks().AddRoost(limits);
            more?.Invoke(services);
        }, log);

    private static async Task<HealthReportEntry> CheckAsync(TestHost host, string name = "roost") =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries[name];
}
