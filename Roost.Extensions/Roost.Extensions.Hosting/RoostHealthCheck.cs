using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Roost.Extensions.Hosting;

/// <summary>How one runtime stands, by its public reads alone and by what has become of the hosted loop.</summary>
internal sealed class RoostHealthCheck(string runtime, string name, IServiceProvider services) : IHealthCheck
{
    /// <summary>The highest threshold of open questions: one more is all that a page holds.</summary>
    public const int MostAsks = 999;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        RoostHealthOptions limits = services.GetRequiredService<IOptionsMonitor<RoostHealthOptions>>().Get(name);
        HostedLoop loop = services.GetRequiredKeyedService<HostedLoop>(runtime);
        var data = new Dictionary<string, object> { ["loop"] = Word(loop.State) };
        if (loop.State == LoopState.NotStarted)
            return new(context.Registration.FailureStatus, "The host has not started the runtime yet.", null, data);
        RoostRuntime roost = services.GetRequiredKeyedService<RuntimeRegistration>(runtime).Resolve(services);
        data["file"] = roost.Path;
        try
        {
            List<string> over = await OverAsync(roost, limits, data, cancellationToken).ConfigureAwait(false);
            return Judge(loop, over, data, context.Registration.FailureStatus);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            string loopToo = loop.Error is null ? "" : $" Before, the loop had ended with an error: {loop.Error.Message}";
            return new(context.Registration.FailureStatus, $"The file cannot be read: {e.Message}{loopToo}", e, data);
        }
    }

    private static HealthCheckResult Judge(HostedLoop loop, List<string> over, Dictionary<string, object> data, HealthStatus failure)
    {
        string all = string.Join(" ", over.Prepend(Sentence(loop)));
        return loop.State switch
        {
            LoopState.Failed => new(failure, all, loop.Error, data),
            LoopState.Stopped => new(failure, all, null, data),
            LoopState.Stopping => HealthCheckResult.Degraded(all, null, data),
            _ => over.Count > 0 ? HealthCheckResult.Degraded(all, null, data) : HealthCheckResult.Healthy(all, data),
        };
    }

    /// <summary>Writes the figures down and says which of them are over their threshold.</summary>
    private static async Task<List<string>> OverAsync(
        RoostRuntime roost, RoostHealthOptions limits, Dictionary<string, object> data, CancellationToken cancellationToken)
    {
        var over = new List<string>();
        WorkCounts counts = await roost.GetCountsAsync(cancellationToken).ConfigureAwait(false);
        StateCounts total = counts.Total;
        (data["ready"], data["delayed"], data["blocked"], data["running"]) = (total.Ready, total.Delayed, total.Blocked, total.Running);
        (data["waiting"], data["paused"], data["dead_letters"]) = (total.Waiting, total.Paused, total.Failed);
        if (total.Failed > limits.DeadLetters) over.Add(Counted("Dead letters: ", total.Failed, limits.DeadLetters.Value));

        if (limits.OldestReady is { } longest && await OldestReadyAsync(roost, counts, cancellationToken).ConfigureAwait(false) is { } since)
        {
            TimeSpan age = roost.Options.TimeProvider.GetUtcNow() - since;
            if (age < TimeSpan.Zero) age = TimeSpan.Zero; // The clock was set back.
            data["oldest_ready_seconds"] = Math.Round(age.TotalSeconds, 3);
            if (age > longest) over.Add(string.Create(CultureInfo.InvariantCulture, $"Work has been ready for {Whole(age)}, longer than {longest}."));
        }

        if (limits.OpenAsks is { } most)
        {
            int asks = (await roost.ListAsksAsync(limit: most + 1, cancellationToken: cancellationToken).ConfigureAwait(false)).Items.Count;
            data[asks > most ? "open_asks_at_least" : "open_asks"] = asks;
            if (asks > most) over.Add(Counted("Open questions: at least ", asks, most));
        }
        return over;
    }

    /// <summary>
    /// Since when the oldest work could run, that which is due and was not noticed for want of a worker included. Null where there is none, or where it is
    /// paused: an engine's figures do not tell its queues apart.
    /// </summary>
    private static async Task<DateTimeOffset?> OldestReadyAsync(RoostRuntime roost, WorkCounts counts, CancellationToken cancellationToken)
    {
        if (counts.Pauses.Any(pause => pause.Target == PauseTarget.File)) return null;
        HashSet<PauseTarget> paused = [.. counts.Pauses.Select(pause => pause.Target)];
        IReadOnlyList<EngineInfo> engines = await roost.ListEnginesAsync(cancellationToken).ConfigureAwait(false);
        return engines
            .Where(engine => engine.Pause is null && !engine.Queues.Any(line => HasWork(line) && paused.Contains(PauseTarget.Queue(line.Queue))))
            .SelectMany(engine => engine.OldestReady.Select(oldest => (DateTimeOffset?)oldest.Since).Concat(engine.Unserved.Select(work => work.DueSince)))
            .Min();
    }

    private static bool HasWork(QueueCounts line) => line.Counts.Ready + line.Counts.Delayed > 0;

    private static string Sentence(HostedLoop loop) => loop.State switch
    {
        LoopState.None => "This program runs no loop.",
        LoopState.Running => "The loop runs.",
        LoopState.Stopping => "The host stops: nothing more is claimed, and running steps finish.",
        LoopState.Stopped => "The loop has stopped.",
        _ => $"The loop has ended with an error: {loop.Error?.Message}",
    };

    private static string Word(LoopState state) => state switch
    {
        LoopState.NotStarted => "not_started",
        LoopState.None => "none",
        LoopState.Running => "running",
        LoopState.Stopping => "stopping",
        LoopState.Stopped => "stopped",
        _ => "failed",
    };

    private static string Counted(string what, long found, long most) =>
        string.Create(CultureInfo.InvariantCulture, $"{what}{found:N0}, more than {most:N0}.");

    private static TimeSpan Whole(TimeSpan age) => TimeSpan.FromSeconds((long)age.TotalSeconds);
}
