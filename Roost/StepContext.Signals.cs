using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Roost.Execution;
using Roost.Observing;
using Roost.Stores;

namespace Roost;

public sealed partial class StepContext
{
    /// <summary>
    /// Takes signals out of the item's mailbox, in the order in which they came: those that had come when the first try of this step began, without the
    /// one in <see cref="Wake"/> and those that it has taken before. They are gone once the step has committed a state, and there again if it does not. An
    /// empty mailbox costs nothing; else it is one read of the file, on this thread.
    /// </summary>
    /// <param name="name">Only signals of this name. Default: of any.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 1,000.</param>
    public IReadOnlyList<Signal> TakeSignals(string? name = null, int limit = 1000)
    {
        Checked(() =>
        {
            if (name is not null) Names.CheckExact("name", name);
            return limit is < 1 or > 10_000 ? throw new InvalidInputException("limit", $"is {limit}; it must be from 1 to 10,000.") : limit;
        });
        lock (gate)
        {
            if (!lease.HasMail) return [];
            HashSet<long> taken = Open().Taken;
            long[] gone = lease.Wake?.Signal is { } waker ? [.. taken, waker.Key] : [.. taken];
            IReadOnlyList<Signal> found = runtime.Store.Reads.Signals(Item.Id, name, lease.SignalsSeen, gone, limit);
            if (found.FirstOrDefault(signal => !signal.IsWhole) is { } damaged)
                throw new ItemEndedException(Item.Id, FailReasons.CorruptSignal, Damage.OfSignal(damaged));
            foreach (Signal signal in found)
            {
                taken.Add(signal.Key);
                Spans.Link(lease.Trace?.Step, signal.Trace, "signal");
            }
            return found;
        }
    }

    /// <summary>
    /// Sends a signal to another work item, or to this one: it lands with this step's commit. Where the other has ended by then, is unknown or has a full
    /// mailbox, that is an event of this item, <c>signal_dropped</c>, and no fault of the step. Dropped where this item was cancelled meanwhile.
    /// </summary>
    /// <param name="workId">The id of the item.</param>
    /// <param name="name">The signal's name, 1 to 256 characters.</param>
    /// <param name="payload">Anything that serializes to JSON by <see cref="RoostOptions.Json"/>. Default: null.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public void Signal(string workId, string name, object? payload = null) => SignalAny(workId, name, payload);

    /// <summary>Sends a signal whose payload is written by source-generated metadata.</summary>
    /// <param name="workId">The id of the item.</param>
    /// <param name="name">The signal's name, 1 to 256 characters.</param>
    /// <param name="payload">What it carries.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.Payment</c>.</param>
    public void Signal<T>(string workId, string name, T payload, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        SignalAny(workId, name, new TypedJson(payload, type));
    }

    private void SignalAny(string workId, string name, object? payload)
    {
        StagedSignal signal = Checked(() =>
        {
            Names.Check("workId", workId);
            return new StagedSignal(workId, WaitCheck.Check(name, payload, null, runtime.Options));
        });
        lock (gate)
        {
            Open().Signals.Add(signal);
            Open().AddBytes(signal.Signal.Bytes);
        }
    }
}
