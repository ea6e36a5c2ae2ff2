using Roost.Samples.Takeover;

namespace Roost.Samples.Approval;

/// <summary>An item asks a person, its worker is killed while it waits, and another goes on with the answer.</summary>
internal sealed class ApprovalDemonstration(bool byHand, TextWriter output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string folder = Directory.CreateTempSubdirectory("roost-approval-").FullName;
        try
        {
            await using var roost = new RoostRuntime(Path.Combine(folder, "roost.db"));
            string id = await roost.EnqueueAsync(new WorkItem("approval", new CleanUp(["old.log", "older.log", "oldest.log"])), cancellationToken);
            Say($"Work item {id} of engine approval wants to delete three files.");
            AskInfo ask;
            await using (var first = WorkerProcess.Start(roost.Path))
            {
                ask = await AskAsync(roost, id, cancellationToken);
                Say($"\nWorker 1 (process {first.ProcessId}) has planned, and the item asks a person:\n  {ask.Question}");
                Say($"  an answer fits {ask.Schema.GetRawText()}");
                await first.KillAsync();
            }
            Say("Worker 1 is killed with SIGKILL while the item waits. Nothing runs now, and the question stays open.");
            await using var second = WorkerProcess.Start(roost.Path);
            Say($"Worker 2 is started: process {second.ProcessId}.");
            await AnswerAsync(roost, ask, cancellationToken);
            WorkSummary ended = await roost.WaitAsync(id, byHand ? null : Patience, cancellationToken);
            Snapshot last = await roost.GetSnapshotAsync(id, cancellationToken: cancellationToken);
            Say($"\nThe item is {ended.State.Name()} at version {ended.Version}: {last.DataAs<CleanUp>().Result}.\n");
            foreach (WorkEvent one in (await roost.ListEventsAsync(id, cancellationToken: cancellationToken)).Items)
                Say($"  {one.At:HH:mm:ss.fff}  {one.Kind,-10} {one.Data}");
            await second.StopAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task AnswerAsync(RoostRuntime roost, AskInfo ask, CancellationToken cancellationToken)
    {
        string command = $"dotnet run --project Roost.Cli -- answer {ask.Id} '{{\"delete\": true}}' --by \"your name\" --db {roost.Path}";
        if (byHand)
        {
            Say($"\nAnswer it in another terminal; this one waits for you:\n  {command}");
            return;
        }
        Say($"\nA person would answer in the console, or by\n  {command}\nHere the demonstration does, through the public API.");
        await roost.AnswerAsync(ask.Id, new Decision(true, "they are old"), "the demonstration", cancellationToken: cancellationToken);
    }

    private static async Task<AskInfo> AskAsync(RoostRuntime roost, string id, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        await foreach (WorkEvent one in roost.WatchEventsAsync(id, cancellationToken: patience.Token))
            if (one.Kind == EventKinds.Waiting) break;
        return (await roost.ListAsksAsync(new() { WorkId = id }, cancellationToken: cancellationToken)).Items[0];
    }

    private void Say(string line) => output.WriteLine(line);
}
