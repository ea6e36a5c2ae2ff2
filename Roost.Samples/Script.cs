using Roost.Samples.Demo;

namespace Roost.Samples;

/// <summary>Roost in a script: enqueue with an idempotency key and run to the end. Run again, it finds the work done.</summary>
internal static class Script
{
    public static async Task RunAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new DemoEngine());
        var work = new WorkItem("demo", new { message = "hello", count_to = 3, delay_seconds = 0.2 }) { IdempotencyKey = "hello-1" };
        EnqueueResult item = await roost.EnqueueAsync(work);
        WorkSummary ended = await roost.RunUntilDoneAsync(item.Id);
        Console.WriteLine($"{(item.Created ? "Enqueued" : "Found")} {item.Id}: {ended.State.Name()} at version {ended.Version}.");
    }
}
