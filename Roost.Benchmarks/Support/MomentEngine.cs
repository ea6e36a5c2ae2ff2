using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>Whether the step goes on until it is stopped.</summary>
internal sealed record Moment(bool Holds = false);

/// <summary>
/// Tells when each step starts: the item's id, the version that the step starts from, and the timestamp, which is the same clock in every process.
/// </summary>
internal sealed class MomentEngine(Action<string, int, long> started) : Engine<Moment>
{
    public const string Id = "moment";

    public override string EngineId => Id;

    protected override Moment Init(WorkItem item)
    {
        started(item.Id, 0, Stopwatch.GetTimestamp());
        return item.PayloadAs<Moment>();
    }

    protected override async Task<Outcome> StepAsync(Moment state, StepContext context)
    {
        started(context.Item.Id, context.Version, Stopwatch.GetTimestamp());
        if (state.Holds) await Task.Delay(Timeout.Infinite, context.CancellationToken);
        return Done(state);
    }

    /// <summary>A child's verb: serves a file, and says when each of its steps starts.</summary>
    public static async Task ServeAsync(Settings settings)
    {
        CancellationToken stop = Child.Stopped();
        await using var roost = new RoostRuntime(settings.Text("--file")!);
        roost.AddEngine(new MomentEngine((id, version, at) => Console.Out.WriteLine(FormattableString.Invariant($"started {id} {version} {at}"))));
        await roost.RunAsync(stop);
    }

    /// <summary>A child that serves the file, once it is registered.</summary>
    public static async Task<Child> StartChildAsync(RoostRuntime roost)
    {
        int before = (await roost.ListWorkersAsync()).Count;
        Child child = Child.Start("serve", "--file", roost.Path);
        while ((await roost.ListWorkersAsync()).Count == before) await Task.Delay(10);
        return child;
    }
}
