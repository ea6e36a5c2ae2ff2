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
    public static CommitFault Of(Exception e, bool isCommit) => e switch
    {
        KeyTakenException => CommitFault.KeyTaken,
        DataCorruptException => CommitFault.Damage,
        ObjectDisposedException or NotFoundException => CommitFault.Fatal,
        RoostException and not (ConflictException or InvalidInputException) => CommitFault.Passing,
        _ => isCommit ? CommitFault.Refused : CommitFault.Fatal,
    };
}
