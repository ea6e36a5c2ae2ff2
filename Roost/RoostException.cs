namespace Roost;

/// <summary>The base of every exception that Roost raises on purpose. Its message names what was found, what was expected and what to do.</summary>
public class RoostException : Exception
{
    /// <summary>Creates the exception with a message for a person.</summary>
    public RoostException(string message) : base(message) { }

    /// <summary>Creates the exception with a message for a person and the error behind it.</summary>
    public RoostException(string message, Exception? innerException) : base(message, innerException) { }

    /// <summary>Set where it ends a step for good.</summary>
    internal FinalFor? Final { get; set; }
}

/// <summary>Something given to Roost breaks a rule; nothing was written.</summary>
public sealed class InvalidInputException : RoostException
{
    /// <summary>Creates the exception for one field.</summary>
    public InvalidInputException(string field, string message, Exception? innerException = null)
        : base($"{field}: {message}", innerException) => (Field, Rule) = (field, message);

    /// <summary>
    /// What breaks the rule, by the name that it has in C#, with which the message begins as well: a member of what was given (<c>Payload</c>,
    /// <c>Resources[2]</c>, <c>Workspaces.Root</c>) or of an engine (<c>StateVersion</c>), or a parameter (<c>workId</c>, <c>limit</c>). What a file of
    /// triggers says is named as it is there: <c>triggers[0].max_depth</c>.
    /// </summary>
    public string Field { get; }

    /// <summary>The message without the field.</summary>
    internal string Rule { get; }

    /// <summary>The reason of the dead letter where it ends a step for good; null for <c>invalid_step</c>.</summary>
    internal string? FinalReason { get; init; }
}

/// <summary>There is no such work item, artifact or snapshot version in this file.</summary>
public sealed class NotFoundException(string message) : RoostException(message);

/// <summary>
/// The request contradicts what is stored: a duplicate id, an idempotency key with another payload, a state that does not allow the transition.
/// </summary>
public class ConflictException(string message) : RoostException(message);

/// <summary>A work item whose last state was waited for has ended without being done.</summary>
/// <param name="work">How it has ended.</param>
public sealed class WorkNotDoneException(WorkSummary work) : RoostException(
    $"Work item {work.Id} of engine \"{work.Engine}\" is {work.State.Name()}, not done{(work.FailReason is null ? "" : $" ({work.FailReason})")}" +
    $"{(work.Error is null ? "." : $": {work.Error}")}")
{
    /// <summary>How it has ended.</summary>
    public WorkSummary Work { get; } = work;
}

/// <summary>A question is not open any more: somebody has answered or withdrawn it, its time is over, or its item has gone on or ended.</summary>
/// <param name="ask">The question as it is, with the answer that was accepted.</param>
/// <param name="message">The same for a person.</param>
public sealed class AskClosedException(AskInfo ask, string message) : ConflictException(message)
{
    /// <summary>The question as it is, with the answer that was accepted, where one was.</summary>
    public AskInfo Ask { get; } = ask;
}

/// <summary>The file cannot be used as a Roost database, or a workspace's folder as one; <see cref="Cause"/> says why.</summary>
/// <param name="cause">Why.</param>
/// <param name="message">The same for a person, with what to do.</param>
/// <param name="innerException">The error behind it.</param>
public sealed class FileRefusedException(FileRefusal cause, string message, Exception? innerException = null) : RoostException(message, innerException)
{
    /// <summary>Why, for a program that does something about it.</summary>
    public FileRefusal Cause { get; } = cause;
}

/// <summary>Another process held the write lock for longer than <see cref="RoostOptions.BusyTimeout"/>; nothing was written.</summary>
public sealed class FileBusyException(string message, Exception? innerException = null) : RoostException(message, innerException);

/// <summary>The disk is full; nothing was written. The runtime goes on once there is space.</summary>
public sealed class DiskFullException(string message, Exception? innerException = null) : RoostException(message, innerException);

/// <summary>
/// The file shows that it is damaged, or that another program has changed it: stored bytes do not match their recorded SHA-256, SQLite reports a malformed
/// file, or a row is of no form that Roost gives it. The bytes are not returned. What the file does not show is no damage but a fault of the program or of
/// its disk: another <see cref="RoostException"/>.
/// </summary>
public sealed class DataCorruptException(string message, Exception? innerException = null) : RoostException(message, innerException);

/// <summary>A commit failed and Roost could not find out whether it landed. Read the item back before trying again.</summary>
public sealed class OutcomeUnknownException(string message, Exception? innerException = null) : RoostException(message, innerException);

/// <summary>Events below the watermark were trimmed by <see cref="RoostOptions.MaxEvents"/>.</summary>
public sealed class EventsTrimmedException(long watermark)
    : RoostException(
        $"Events up to sequence number {watermark} were trimmed by the cap on events; read after {watermark}, or leave the starting point out to begin " +
        $"with the oldest one kept."
    )
{
    /// <summary>The highest sequence number that is gone.</summary>
    public long Watermark { get; } = watermark;
}
