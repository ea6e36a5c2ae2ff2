using Roost.Tests.Support;

namespace Roost.Tests.Resuming;

/// <summary>
/// A program that is killed: its engines, and what it does with whatever is there until all of it has ended. Started again on the same file, it does what is
/// left. What has to be known of it afterwards it says, line by line, before it goes on.
/// </summary>
internal abstract class Scenario
{
    public static Scenario Named(string name) =>
        ((Scenario[])[new Walk(), new Payment(), new Retries(), new Growth(), new Calls(), new Talk()]).Single(each => each.Name == name);

    public string Name => GetType().Name;

    /// <summary>A runtime with its engines; where it says what is a list or the output of a process.</summary>
    public abstract RoostRuntime Open(string path, Action<string> say);

    /// <summary>What is done before the program starts for the first time.</summary>
    public virtual async Task PrepareAsync(string path)
    {
        await using (Open(path, _ => { })) { }
    }

    public abstract Task ActAsync(RoostRuntime roost, Action<string> say);

    /// <summary>The program as a process of its own.</summary>
    public static async Task<int> RunAsync(string path, string name, int point, int call)
    {
        Scenario scenario = Named(name);
        Points.KillAt(point);
        FaultDisk? disk = Environment.GetEnvironmentVariable("LD_PRELOAD") is null ? null : new FaultDisk();
        disk?.Arm(new Fault(DiskCalls.Write | DiskCalls.Sync, DiskFiles.Stored, call, Kills: true));
        await using (RoostRuntime roost = scenario.Open(path, ChildProgram.Say)) await scenario.ActAsync(roost, ChildProgram.Say);
        ChildProgram.Say($"{Killed.Calls}{disk?.Seen ?? 0}");
        ChildProgram.Say(Killed.End);
        return 0;
    }

    /// <summary>The same in this process, which is not killed: what it says.</summary>
    public async Task<List<string>> ResumeAsync(string path)
    {
        var said = new List<string>();
        await using RoostRuntime roost = Open(path, Say);
        await ActAsync(roost, Say);
        return said;

        void Say(string line)
        {
            lock (said) said.Add(line);
        }
    }

    /// <summary>One step at a time, so that one number means one point; no waits that are worth the name.</summary>
    protected static RoostOptions Options(string path) => ChildVerbs.Options(path) with
    {
        Concurrency = 1,
        MaxInterruptions = 1000,
        RetryBaseDelay = TimeSpan.FromMilliseconds(1),
        RetryMaxDelay = TimeSpan.FromMilliseconds(1),
        LoggerFactory = new PointLog(),
    };

    /// <summary>Runs until every item of its engines has ended.</summary>
    protected static async Task RunUntilEndedAsync(RoostRuntime roost)
    {
        do
            await roost.RunUntilIdleAsync();
        while (roost.Items().Exists(item => !item.State.IsEnded() && roost.EngineIds.Contains(item.Engine)));
        Points.Reach("the host sees that all has ended");
    }
}
