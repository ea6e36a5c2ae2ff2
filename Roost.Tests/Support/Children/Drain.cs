namespace Roost.Tests.Support;

/// <summary>Works off what a test has left in a file.</summary>
internal static class Drain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs to idle again and again until nothing is due any more, as an operator would: dead letters of engines that gave up are retried.</summary>
    public static async Task ThroughAsync(string path)
    {
        await using RoostRuntime roost = CrashVerb.Open(path, _ => { });
        Page<DeadLetter> dead;
        do
        {
            while (await roost.RunUntilIdleAsync().WaitAsync(Patience) is { Due: { } due })
                if (due - DateTimeOffset.UtcNow is { } left && left > TimeSpan.Zero) await Task.Delay(left);
            dead = await roost.ListDeadLettersAsync(new() { Reason = FailReasons.EngineFailed }, limit: 1000);
            foreach (DeadLetter letter in dead.Items) await roost.RetryAsync(letter.Item.Id, "drained");
        }
        while (dead.Items.Count > 0);
    }

    /// <summary>Who is killed between rescuing a dead worker and removing its lock leaves the lock behind; a later start sweeps what is old.</summary>
    public static async Task SweepAsync(string path)
    {
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(path)!, "*.lock")) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddHours(-1));
        await ThroughAsync(path);
    }
}
