using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Roost.Extensions.Hosting;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The loop ends with its host, within the time that the host has; and where it ends by itself the host hears of it.</summary>
[TestFixture]
internal sealed class HostStopTests
{
    /// <summary>A service that is stopped before the loop, and takes its time.</summary>
    private sealed class SlowToStop(Task until) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => until;
    }

    [Test]
    public async Task A_step_that_saves_when_the_host_begins_to_stop_loses_nothing()
    {
        using var folder = new TemporaryFolder();
        var gate = new Gate();
        string id;
        await using (TestHost host = await TestHost.StartAsync(folder["roost.db"], new(async (_, _, context) =>
        {
            await gate.UntilFiredAsync(context.Stopping);
            return ScriptedEngine.GoOn(7);
        })))
        {
            id = await host.Roost.EnqueueAsync<HostedEngine>();
            await gate.Reached;
            await host.StopAsync();
            host.LoopOf().State.Should().Be(LoopState.Stopped);
        }

        await using var roost = new RoostRuntime(folder["roost.db"]);
        WorkDetail item = await roost.GetAsync(id);
        (item.Summary.State, item.Snapshot!.DataAs<int>()).Should().Be((WorkState.Queued, 7));
    }

    [Test]
    public async Task A_step_that_goes_on_is_given_back_uncharged_before_the_host_gives_up()
    {
        using var folder = new TemporaryFolder();
        var gate = new Gate();
        await using TestHost host = await TestHost.StartAsync(folder["roost.db"], new(async (_, _, _) =>
        {
            await gate.PassAsync(); // Whatever its tokens say.
            return ScriptedEngine.Finish(1);
        }), it => it.DrainTime = TimeSpan.Zero);
        WorkHandle work = await host.Roost.EnqueueAsync<HostedEngine>();
        await gate.Reached;

        await host.StopAsync();

        host.LoopOf().State.Should().Be(LoopState.Stopped);
        WorkDetail item = await work.GetAsync();
        (item.Summary.State, item.Summary.Version, item.LastFailure).Should().Be((WorkState.Queued, 1, null));
        gate.Open();
    }

    [TestCase(30, 5)]
    [TestCase(4, 2)]
    [TestCase(1, 0)]
    public async Task The_default_time_to_drain_fits_into_the_hosts_time(int shutdown, int drain)
    {
        using var folder = new TemporaryFolder();
        await using TestHost host = await TestHost.StartAsync(
            folder["roost.db"], more: services => services.Configure<HostOptions>(it => it.ShutdownTimeout = TimeSpan.FromSeconds(shutdown)));

        host.Roost.Options.DrainTime.Should().Be(TimeSpan.FromSeconds(drain));
    }

    [Test]
    public async Task Steps_are_told_when_the_host_begins_to_stop_however_long_services_take_that_stop_before()
    {
        using var folder = new TemporaryFolder();
        var gate = new Gate();
        var told = new TaskCompletionSource();
        await using TestHost host = await TestHost.StartAsync(folder["roost.db"], new(async (_, _, context) =>
        {
            await gate.UntilFiredAsync(context.Stopping);
            told.SetResult();
            return ScriptedEngine.Finish(1);
        }), more: services => services.AddSingleton<IHostedService>(new SlowToStop(told.Task)));
        WorkHandle work = await host.Roost.EnqueueAsync<HostedEngine>();
        await gate.Reached;

        await host.StopAsync();

        (await work.GetStateAsync<int>()).Should().Be(1);
    }

    [TestCase(BackgroundServiceExceptionBehavior.StopHost)]
    [TestCase(BackgroundServiceExceptionBehavior.Ignore)]
    [Platform(Exclude = "Win")] // An open file cannot be deleted there.
    public async Task The_host_hears_of_a_loop_that_ends_with_an_error_and_does_as_it_was_told(BackgroundServiceExceptionBehavior behavior)
    {
        using var folder = new TemporaryFolder();
        var log = new WaitingLog("has ended with an error");
        await using TestHost host = await TestHost.StartAsync(
            folder["roost.db"], more: services => services.Configure<HostOptions>(it => it.BackgroundServiceExceptionBehavior = behavior), log: log);
        await (await host.Roost.EnqueueAsync<HostedEngine>()).WaitAsync<int>(Gate.Patience);

        File.Delete(folder["roost.db"]);

        await log.Seen.Soon();
        host.LoopOf().Error.Should().BeOfType<FileRefusedException>().Which.Cause.Should().Be(FileRefusal.TakenAway);
        await host.LoopOf().ExecuteTask!.Invoking(it => it.Soon()).Should().ThrowAsync<FileRefusedException>();
        if (behavior == BackgroundServiceExceptionBehavior.StopHost)
            await Waiting.Until(() => host.Lifetime.ApplicationStopping.IsCancellationRequested);
        else host.Lifetime.ApplicationStopping.IsCancellationRequested.Should().BeFalse();
    }

    [Test]
    public async Task A_host_that_is_disposed_without_being_stopped_ends_its_loop_and_closes_the_file()
    {
        using var folder = new TemporaryFolder();
        RoostRuntime roost;
        await using (TestHost host = await TestHost.StartAsync(folder["roost.db"]))
        {
            roost = host.Roost;
            await (await roost.EnqueueAsync<HostedEngine>()).WaitAsync<int>(Gate.Patience);
        }

        await roost.Invoking(it => it.GetCountsAsync()).Should().ThrowAsync<ObjectDisposedException>();
        Directory.GetFiles(folder.Root).Should().Equal(folder["roost.db"]);
    }
}
