using Microsoft.Extensions.Time.Testing;
using Roost.Samples.Demo;

namespace Roost.Tests.Shown;

/// <summary>Code that pages show: time, pauses, reading and what a program does with one item. Each method is run by <see cref="PageCodeTests"/>.</summary>
internal static class Basics
{
    public static async Task DaysInMillisecondsAsync()
    {
        var clock = new FakeTimeProvider();
        await using RoostRuntime roost = RoostRuntime.CreateTemporary(new RoostOptions { TimeProvider = clock });
        roost.AddEngine(new DemoEngine());
        string id = await roost.EnqueueAsync(new WorkItem("demo", new { message = "hello", count_to = 3, delay_seconds = 86400 }));
        while (await roost.RunUntilIdleAsync() is { Due: { } due }) clock.SetUtcNow(due);

        WorkSummary ended = await roost.WaitAsync(id);
        ended.State.Should().Be(WorkState.Done);
    }

    public static async Task PausingAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        await roost.EnqueueAsync(new WorkItem("mailer"));

        await roost.PauseAsync(PauseTarget.Engine("mailer"), "the vendor is down", by: "ops", until: DateTimeOffset.UtcNow.AddHours(2));
        await roost.ResumeAsync(PauseTarget.Engine("mailer"), by: "ops");
    }

    public static async Task EnqueuingAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        var work = new WorkItem("demo", new { message = "hello" })
        {
            IdempotencyKey = "hello-1",                       // The same key finds the same item.
            Priority = 5,                                     // Higher goes first. Default 0.
            Queue = "mail",                                   // Who serves this queue runs it. Default "default".
            Resources = ["domain:example.com"],               // Exclusive while a step of it runs.
            Delay = TimeSpan.FromMinutes(10),                 // Not before then.
            Deadline = DateTimeOffset.UtcNow.AddHours(1),     // Failed if it is still queued by then.
            MaxAttempts = 3,
        };

        EnqueueResult first = await roost.EnqueueAsync(work);
        EnqueueResult second = await roost.EnqueueAsync(work);

        second.Should().Be(first with { Created = false });
    }

    public static async Task LookingAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new DemoEngine());
        string id = await roost.EnqueueAsync(new WorkItem("demo", new { count_to = 2 }));
        await roost.RunUntilDoneAsync(id);

        WorkDetail detail = await roost.GetAsync(id);
        Console.WriteLine($"{detail.Summary.State.Name()}: {detail.Situation}");
        DemoState state = detail.Snapshot!.DataAs<DemoState>();
        byte[] report = await roost.ReadArtifactAsync(id, "count.json");
        foreach (WorkEvent happened in (await roost.ListEventsAsync(id)).Items) Console.WriteLine($"{happened.At:T} {happened.Kind}");

        (state.Count, report.Length > 0).Should().Be((2, true));
    }

    public static async Task MendingAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new DemoEngine());
        await roost.EnqueueAsync(new WorkItem("demo", new { count_to = 0 }));
        await roost.RunUntilIdleAsync();

        foreach (DeadLetter letter in (await roost.ListDeadLettersAsync()).Items)
        {
            Console.WriteLine($"{letter.Item.Id} has failed at version {letter.Failure.Version}: {letter.Failure.Reason}");
            await roost.RetryAsync(letter.Item.Id, reason: "the input was mended");
        }
    }

    public static async Task KeepingAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        string copy = file + ".copy";

        await roost.BackupAsync(copy);

        await using var restored = new RoostRuntime(copy);
        await restored.AdoptAsync("the disk of the original has failed");
        PurgeResult purged = await restored.PurgeAsync(new PurgeFilter(OlderThan: TimeSpan.FromDays(30)));

        purged.Items.Should().Be(0);
    }
}
