using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Roost.Extensions.Hosting;

/// <summary>Where the loop of a runtime stands.</summary>
internal enum LoopState
{
    /// <summary>The host has not started it yet.</summary>
    NotStarted,

    /// <summary>This program runs none.</summary>
    None,

    Running,

    /// <summary>The host stops; running steps finish.</summary>
    Stopping,

    /// <summary>It has stopped with the host, or because its runtime was disposed.</summary>
    Stopped,

    /// <summary>It has ended with an error.</summary>
    Failed,
}

/// <summary>Opens a runtime when the host starts, after all of them were checked, and runs its loop until the host begins to stop.</summary>
internal sealed class HostedLoop(RuntimeRegistration registration, IServiceProvider services) : BackgroundService, IHostedLifecycleService
{
    private readonly RuntimeSetup setup = services.GetRequiredKeyedService<RuntimeSetup>(registration.Name);
    private volatile LoopState state;

    public LoopState State => state;

    /// <summary>What the loop has ended with, where that was an error.</summary>
    public Exception? Error { get; private set; }

    /// <summary>All runtimes of the host are checked before the first of them opens its file.</summary>
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        setup.Check();
        return Task.CompletedTask;
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _ = registration.Resolve(services);
        if (setup.HostOptions.RunLoop) return base.StartAsync(cancellationToken);
        state = LoopState.None;
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        RoostRuntime roost = registration.Resolve(services);
        ILogger log = (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger<RoostRuntime>();
        // From the moment at which the host begins to stop: services that are stopped before this one may use up the time that is left for it.
        CancellationToken stopping = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, stopping);
        state = LoopState.Running;
        using CancellationTokenRegistration told = either.Token.Register(() => state = LoopState.Stopping);
        try
        {
            await roost.RunAsync(either.Token).ConfigureAwait(false);
            if (!either.IsCancellationRequested) log.LogWarning("The loop of {Path} has ended because its runtime was disposed", roost.Path);
            state = LoopState.Stopped;
        }
        catch (Exception e)
        {
            (Error, state) = (e, LoopState.Failed);
            log.LogError(
                e, "The loop of {Path} has ended with an error; HostOptions.BackgroundServiceExceptionBehavior says what becomes of the host", roost.Path);
            throw;
        }
    }
}
