using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>What kept a step's end from being saved.</summary>
internal enum CommitFault
{
    /// <summary>Nothing that another try or another end would help.</summary>
    Fatal,

    /// <summary>It may be saved in a while.</summary>
    Passing,

    /// <summary>What the step brought is refused: a child with an id that exists, an artifact whose content is gone.</summary>
    Refused,

    /// <summary>A child's key went to another item between the step and its commit.</summary>
    KeyTaken,

    /// <summary>The store is damaged where it was to be read or written.</summary>
    Damage,
}

/// <summary>Tells by an exception which it was.</summary>
internal static class CommitFaults
{
    /// <summary>How long until it is tried again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Saves something of a step that runs, trying again while that cannot be written and the lease is ours.</summary>
    public static async Task<T> UntilSavedAsync<T>(ActiveStep step, ILogger log, Func<Task<T>> save)
    {
        while (true)
        {
            try
            {
                return await save().ConfigureAwait(false);
            }
            catch (Exception e) when (!step.IsLost && Of(e, isCommit: false) == CommitFault.Passing)
            {
                log.StepUnsaved(e, step.Lease.Item.Id);
            }
            await Task.Delay(Pause).ConfigureAwait(false);
        }
    }

    public static CommitFault Of(Exception e, bool isCommit) => e switch
    {
        KeyTakenException => CommitFault.KeyTaken,
        DataCorruptException => CommitFault.Damage,
        ObjectDisposedException or NotFoundException => CommitFault.Fatal,
        RoostException and not (ConflictException or InvalidInputException) => CommitFault.Passing,
        _ => isCommit ? CommitFault.Refused : CommitFault.Fatal,
    };
}
