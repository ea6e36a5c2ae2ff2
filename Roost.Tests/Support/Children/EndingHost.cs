using Roost.Workspaces;

namespace Roost.Tests.Support;

/// <summary>A host that ends before its loop has, and one that holds a workspace's lock.</summary>
internal static class EndingHost
{
    /// <summary>Works, and exits at its second line of input; at the first it begins to drain, where it is told to.</summary>
    public static async Task<int> RunAsync(string path, bool drains)
    {
        using var stop = new CancellationTokenSource();
        RoostRuntime roost = ChildVerbs.Open(ChildVerbs.Options(path) with { DrainTime = TimeSpan.FromMinutes(10) }, TimeSpan.FromSeconds(30));
        Task loop = roost.RunAsync(stop.Token);
        await Console.In.ReadLineAsync();
        if (drains) await stop.CancelAsync();
        ChildProgram.Say("asked");
        await Console.In.ReadLineAsync();
        Environment.Exit(3);
        await loop;
        return 0;
    }

    /// <summary>Holds the lock until its input ends, or says why it cannot.</summary>
    public static async Task<int> LockAsync(string path)
    {
        try
        {
            using (await WorkspaceLock.TakeAsync(path, CancellationToken.None))
            {
                ChildProgram.Say("locked");
                while (await Console.In.ReadLineAsync() is not null) { }
            }
        }
        catch (FileRefusedException e)
        {
            ChildProgram.Say($"refused {e.Message}");
        }
        return 0;
    }
}
