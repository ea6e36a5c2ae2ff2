using System.Text;
using Roost.Samples.Takeover;

namespace Roost.Samples.Agent;

/// <summary>
/// An agent with tools whose worker is killed within a call, and once more while it waits for a person. This process runs no step: it is the outside that the
/// agent calls, it kills, and it answers as an operator would.
/// </summary>
internal sealed class AgentDemonstration(string? file, TextWriter output)
{
    private const string KilledIn = "hold_seat";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string? folder = file is null ? Directory.CreateTempSubdirectory("roost-agent-").FullName : null;
        try
        {
            await using var service = new OutsideService(holdFirst: KilledIn);
            await using var roost = new RoostRuntime(file ?? Path.Combine(folder!, "roost.db"));
            await RunAsync(roost, service, cancellationToken);
        }
        finally
        {
            if (folder is not null) Directory.Delete(folder, recursive: true);
        }
    }

    private async Task RunAsync(RoostRuntime roost, OutsideService service, CancellationToken cancellationToken)
    {
        var errand = new Errand("Book a weekend in Lisbon", service.Url);
        string id = await roost.EnqueueAsync(new WorkItem(AgentEngine.Id, errand), cancellationToken);
        Say($"Work item  {id}, engine agent: {errand.Task}");
        Say($"Outside    {service.Url} (a scripted model and four tools, which this program serves; they keep a journal of their own)");
        Say($"File       {(file is null ? "roost.db in a temporary folder, deleted at the end" : roost.Path)}");

        (string interrupted, Kill first) = await KillWithinCallAsync(roost, id, service, cancellationToken);
        Kill second = await KillWhileWaitingAsync(roost, id, service, cancellationToken);
        await AnswerAsync(roost, id, cancellationToken);
        await FinishAsync(roost, id, cancellationToken);

        var account = new CallAccount(service.Journal, await EffectsAsync(roost, id, cancellationToken), interrupted, [first, second]);
        Say($"\n{account}");
        if (account.Faults.Count > 0) throw new DemonstrationFailedException("the account does not hold.");
        if (file is null)
        {
            Say("\nWith a file it is kept, to look into: dotnet run --project Roost.Samples -- agent agent.db");
            return;
        }
        Say("\nTo look into it");
        Say($"  dotnet run --project Roost.Cli -- history {id} --effects --db {roost.Path}");
        Say($"  dotnet run --project Roost.Cli -- ui --db {roost.Path}");
    }

    /// <summary>Returns the key of the call in which the worker was killed.</summary>
    private async Task<(string Key, Kill Kill)> KillWithinCallAsync(
        RoostRuntime roost, string id, OutsideService service, CancellationToken cancellationToken)
    {
        await using var worker = WorkerProcess.Start(roost.Path);
        Say($"\nWorker 1 is started: process {worker.ProcessId}.");
        ReceivedCall held = await WhileRunsAsync(worker, service.Held, cancellationToken);
        Say($"The service has received {string.Join(", ", service.Journal.Select(call => call.Name))}, and does not answer the last.");
        Kill kill = await KillAsync(worker, roost, id, service, cancellationToken);
        Say($"Worker 1 is killed with SIGKILL within {held.Name}. Recorded in the file: {Names(kill)}.");
        return (held.Key, kill);
    }

    private async Task<Kill> KillWhileWaitingAsync(RoostRuntime roost, string id, OutsideService service, CancellationToken cancellationToken)
    {
        await using var worker = WorkerProcess.Start(roost.Path);
        Say($"\nWorker 2 is started: process {worker.ProcessId}.");
        await WhileRunsAsync(worker, UntilItAsksAsync(roost, id, cancellationToken), cancellationToken);
        Kill kill = await KillAsync(worker, roost, id, service, cancellationToken);
        Say($"Worker 2 is killed with SIGKILL while the item waits for a person. Recorded in the file: {Names(kill)}.");
        return kill;
    }

    private async Task AnswerAsync(RoostRuntime roost, string id, CancellationToken cancellationToken)
    {
        AskInfo ask = (await roost.ListAsksAsync(new() { WorkId = id }, cancellationToken: cancellationToken)).Items.Single();
        Say($"Nothing runs now. The file has the question:\n\n{ask.Question}\n");
        Say("A person would answer in the console, or by");
        Say($"  dotnet run --project Roost.Cli -- answer {ask.Id} '{{\"allowed\": true}}' --by \"your name\" --db {roost.Path}");
        Say("Here the demonstration does, through the public API.");
        await roost.AnswerAsync(ask.Id, new Consent(true, "it is within the budget"), "the demonstration", cancellationToken: cancellationToken);
    }

    private async Task FinishAsync(RoostRuntime roost, string id, CancellationToken cancellationToken)
    {
        await using var worker = WorkerProcess.Start(roost.Path);
        Say($"\nWorker 3 is started: process {worker.ProcessId}.");
        WorkSummary ended = await WhileRunsAsync(worker, roost.WaitAsync(id, cancellationToken: cancellationToken), cancellationToken);
        if (ended.State != WorkState.Done) throw new DemonstrationFailedException($"work item {id} is {ended.State.Name()}: {ended.Error}");
        await worker.StopAsync();
        Snapshot last = await roost.GetSnapshotAsync(id, cancellationToken: cancellationToken);
        Say($"The item is done at version {ended.Version}.\n\nTranscript");
        foreach (Message message in last.DataAs<Transcript>().Messages)
            Say($"  {message.Tool ?? message.Role.ToString().ToLowerInvariant(),-13}{message.Text}{Wanted(message)}");
        string report = Encoding.UTF8.GetString(await roost.ReadArtifactAsync(id, AgentEngine.Report, cancellationToken: cancellationToken));
        Say($"\n{AgentEngine.Report}\n{report.TrimEnd()}");
    }

    /// <summary>Kills the worker, and then looks at both sides.</summary>
    private static async Task<Kill> KillAsync(
        WorkerProcess worker, RoostRuntime roost, string id, OutsideService service, CancellationToken cancellationToken)
    {
        await worker.KillAsync();
        IReadOnlyList<EffectInfo> effects = await EffectsAsync(roost, id, cancellationToken);
        return new(service.Journal.Count, [.. effects.Where(effect => effect.State == EffectState.Recorded)]);
    }

    private static async Task<WorkEvent> UntilItAsksAsync(RoostRuntime roost, string id, CancellationToken cancellationToken)
    {
        await foreach (WorkEvent one in roost.WatchEventsAsync(id, cancellationToken: cancellationToken))
            switch (one.Kind)
            {
                case EventKinds.Waiting:
                    return one;
                case EventKinds.Failed or EventKinds.Done or EventKinds.Cancelled:
                    throw new DemonstrationFailedException($"work item {id} has ended without a question: {one.Kind} {one.Data}");
            }
        throw new DemonstrationFailedException("the events have ended before the work.");
    }

    /// <summary>Waits for what a worker brings about, as long as it lives.</summary>
    private static async Task<T> WhileRunsAsync<T>(WorkerProcess worker, Task<T> comes, CancellationToken cancellationToken)
    {
        if (await Task.WhenAny(comes, worker.Ended, Task.Delay(Patience, cancellationToken)) == comes) return await comes;
        cancellationToken.ThrowIfCancellationRequested();
        string why = worker.Ended.IsCompleted
            ? $"has ended by itself with exit code {worker.ExitCode}"
            : $"has not come that far within {Patience.TotalSeconds} s";
        throw new DemonstrationFailedException($"process {worker.ProcessId} {why}.");
    }

    private static async Task<IReadOnlyList<EffectInfo>> EffectsAsync(RoostRuntime roost, string id, CancellationToken cancellationToken) =>
        (await roost.ListEffectsAsync(id, cancellationToken: cancellationToken)).Items;

    private static string Names(Kill kill) => string.Join(", ", kill.Recorded.Select(effect => effect.Path));

    private static string Wanted(Message message) =>
        message.Calls.IsEmpty ? "" : $" [{string.Join(", ", message.Calls.Select(call => call.Tool))}]";

    private void Say(string line) => output.WriteLine(line);
}
