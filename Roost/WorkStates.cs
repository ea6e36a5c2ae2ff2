using System.Text;

namespace Roost;

/// <summary>The one table of states. It drives the code, the tests and the diagram in docs/guide/states.md.</summary>
public static class WorkStates
{
    /// <summary>Every allowed transition: from, what happens, to.</summary>
    public static IReadOnlyList<(WorkState From, string What, WorkState To)> Transitions { get; } =
    [
        (WorkState.Queued, "claim", WorkState.Running),
        (WorkState.Queued, "due, handed a resource, requeued, reprioritised, paused, resumed", WorkState.Queued),
        (WorkState.Queued, "cancel", WorkState.Cancelled),
        (WorkState.Queued, "deadline", WorkState.Failed),
        (WorkState.Running, "continue and keep the lease, paused, resumed", WorkState.Running),
        (WorkState.Running, "continue, failed try, retry after, interruption, release", WorkState.Queued),
        (WorkState.Running, "wait", WorkState.Waiting),
        (WorkState.Running, "done", WorkState.Done),
        (WorkState.Running, "fail, last try, deadline", WorkState.Failed),
        (WorkState.Running, "cancel", WorkState.Cancelled),
        (WorkState.Waiting, "signal, answer, children, time over", WorkState.Queued),
        (WorkState.Waiting, "reprioritised, paused, resumed", WorkState.Waiting),
        (WorkState.Waiting, "cancel", WorkState.Cancelled),
        (WorkState.Waiting, "deadline", WorkState.Failed),
        (WorkState.Failed, "retry", WorkState.Queued),
        (WorkState.Failed, "retry of a wait", WorkState.Waiting),
        (WorkState.Failed, "discard", WorkState.Cancelled),
    ];

    private static readonly bool[,] Allowed = Table();

    /// <summary>Whether an item may go from one state to another.</summary>
    public static bool IsAllowed(WorkState from, WorkState to) => Allowed[(int)from, (int)to];

    /// <summary>Whether an item in this state will change no more by itself: done, failed or cancelled.</summary>
    public static bool IsEnded(this WorkState state) => state is WorkState.Done or WorkState.Failed or WorkState.Cancelled;

    /// <summary>The state as it is stored and shown: <c>queued</c>, <c>running</c>, <c>waiting</c>, <c>done</c>, <c>failed</c>, <c>cancelled</c>.</summary>
    public static string Name(this WorkState state) => Names[(int)state];

    internal static WorkState Parse(ReadOnlySpan<byte> name)
    {
        for (int state = 0; state < Stored.Length; state++)
            if (name.SequenceEqual(Stored[state]))
                return (WorkState)state;
        throw new DataCorruptException(
            $"A work item has the state \"{Encoding.UTF8.GetString(name)}\", which there is not: the file is damaged, or another program has changed it. " +
            $"Stop writing to it, copy it, and restore a backup."
        );
    }

    private static readonly string[] Names = ["queued", "running", "waiting", "done", "failed", "cancelled"];

    private static readonly byte[][] Stored = [.. Names.Select(Encoding.UTF8.GetBytes)];

    private static bool[,] Table()
    {
        int states = Enum.GetValues<WorkState>().Length;
        var table = new bool[states, states];
        foreach ((WorkState from, _, WorkState to) in Transitions) table[(int)from, (int)to] = true;
        return table;
    }
}
