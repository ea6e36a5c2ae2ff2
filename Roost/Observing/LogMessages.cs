using Microsoft.Extensions.Logging;

namespace Roost.Observing;

/// <summary>Every line that Roost logs. An id that was given stays with what it says, and is given to nothing else; docs/telemetry.md lists them.</summary>
internal static partial class LogMessages
{
    // Engines and work, from 100.

    [LoggerMessage(100, LogLevel.Warning, "Engines of {Assembly} that were not added: {Skipped}")]
    public static partial void EnginesSkipped(this ILogger log, string? assembly, string skipped);

    [LoggerMessage(101, LogLevel.Warning, "Engine \"{Engine}\" is not registered in this runtime; its items wait until a worker serves it")]
    public static partial void EngineUnserved(this ILogger log, string engine);

    [LoggerMessage(102, LogLevel.Warning, "Git could not make the worktree {Path}, a clone is made instead: {Reason}")]
    public static partial void CloneInstead(this ILogger log, string path, string? reason);

    // Workers, from 200.

    [LoggerMessage(200, LogLevel.Information, "Worker {WorkerId} serves {Engines} in queues {Queues} of {Path}")]
    public static partial void WorkerStarted(this ILogger log, string workerId, string engines, string queues, string path);

    [LoggerMessage(201, LogLevel.Information, "Worker {WorkerId} has stopped")]
    public static partial void WorkerStopped(this ILogger log, string workerId);

    [LoggerMessage(202, LogLevel.Warning,
        "Worker {WorkerId} has stopped while another process kept the file locked; its row is left over, and another worker removes it when its lease is over")]
    public static partial void WorkerStoppedLocked(this ILogger log, Exception e, string workerId);

    [LoggerMessage(203, LogLevel.Warning, "Worker {WorkerId} could not start, and its row could not be removed")]
    public static partial void WorkerRowLeft(this ILogger log, Exception e, string workerId);

    [LoggerMessage(204, LogLevel.Warning, "Worker {WorkerId} could not give back what it held")]
    public static partial void WorkerKeepsLeases(this ILogger log, Exception e, string workerId);

    [LoggerMessage(205, LogLevel.Warning,
        "File locks tell nothing in {Folder}; where worker {WorkerId} dies, others learn it when its leases of {LeaseTime} are over")]
    public static partial void LocksTellNothing(this ILogger log, string folder, string workerId, TimeSpan leaseTime);

    [LoggerMessage(206, LogLevel.Warning, "The loop cannot begin: another process has kept {Path} locked for {BusyTimeout}; it goes on to wait")]
    public static partial void LoopWaitsForLock(this ILogger log, Exception e, string path, TimeSpan busyTimeout);

    [LoggerMessage(207, LogLevel.Warning, "The file could not be written while the loop was closing")]
    public static partial void UnwrittenAtClose(this ILogger log, Exception e);

    [LoggerMessage(208, LogLevel.Warning, "Worker {WorkerId} could not look for dead workers as it started; it goes on to look")]
    public static partial void DeadNotLookedFor(this ILogger log, Exception e, string workerId);

    [LoggerMessage(209, LogLevel.Error, "Worker {WorkerId} could not look after its leases")]
    public static partial void LeasesNotKept(this ILogger log, Exception e, string workerId);

    [LoggerMessage(210, LogLevel.Warning, "Worker {WorkerId} was declared dead by another and starts afresh; its running steps are lost")]
    public static partial void WorkerDisplaced(this ILogger log, string workerId);

    [LoggerMessage(211, LogLevel.Warning, "Worker {WorkerId} {How}; {Count} items were taken over")]
    public static partial void WorkerLost(this ILogger log, string workerId, string how, int count);

    [LoggerMessage(212, LogLevel.Warning,
        "Worker {WorkerId} claims nothing for {Left}: the clock was set by {SetBy}, and no lock says whether {Strangers} lives, so that every lease is given " +
        "its time")]
    public static partial void ClaimsPaused(this ILogger log, string workerId, TimeSpan? left, TimeSpan setBy, string strangers);

    [LoggerMessage(213, LogLevel.Warning, "Worker {WorkerId} claims again")]
    public static partial void ClaimsResumed(this ILogger log, string workerId);

    [LoggerMessage(214, LogLevel.Warning, "The clock was set by {SetBy}")]
    public static partial void ClockSet(this ILogger log, TimeSpan setBy);

    [LoggerMessage(215, LogLevel.Warning,
        "The clock was set by {SetBy}; until it was put right or has stood for {Probation}, time goes on as if it had not been, so that nothing becomes due " +
        "or overdue by it")]
    public static partial void ClockSuspected(this ILogger log, TimeSpan setBy, TimeSpan probation);

    // Steps, from 300. Each line has the scope of its step beside it.

    [LoggerMessage(300, LogLevel.Warning, "Work item {WorkId} of engine {Engine} failed try {Attempt} at version {Version}: {Message}")]
    public static partial void TryFailed(this ILogger log, Exception? e, string workId, string engine, int attempt, int version, string message);

    [LoggerMessage(301, LogLevel.Error, "Work item {WorkId} of engine {Engine} failed try {Attempt} at version {Version} and is a dead letter: {Message}")]
    public static partial void LastTryFailed(this ILogger log, Exception? e, string workId, string engine, int attempt, int version, string message);

    [LoggerMessage(302, LogLevel.Error, "Work item {WorkId} of engine {Engine} is a dead letter: {Reason}")]
    public static partial void EngineFailed(this ILogger log, string workId, string engine, string? reason);

    [LoggerMessage(303, LogLevel.Information, "Work item {WorkId} of engine {Engine} asked to be tried again in {Delay} at version {Version}: {Why}")]
    public static partial void RetryAsked(this ILogger log, string workId, string engine, TimeSpan delay, int version, string why);

    [LoggerMessage(304, LogLevel.Warning, "The lease of work item {WorkId} was lost at version {Version}; what the step brings now is thrown away")]
    public static partial void LeaseLost(this ILogger log, string workId, int version);

    [LoggerMessage(305, LogLevel.Error, "Work item {WorkId} could not be saved; trying again")]
    public static partial void StepUnsaved(this ILogger log, Exception e, string workId);

    [LoggerMessage(306, LogLevel.Error, "The slot of work item {WorkId} failed")]
    public static partial void SlotFailed(this ILogger log, Exception e, string workId);

    [LoggerMessage(307, LogLevel.Error,
        "The lease of work item {WorkId} could not be given back; it is released with the next renewal, or rescued when it expires")]
    public static partial void LeaseNotReturned(this ILogger log, Exception e, string workId);

    [LoggerMessage(308, LogLevel.Warning, "What belonged to the step of work item {WorkId} could not be disposed")]
    public static partial void ScopeNotDisposed(this ILogger log, Exception e, string workId);

    [LoggerMessage(309, LogLevel.Warning,
        "Engine {Engine} could not decide whether a failed try of work item {WorkId} is made again; it is, as by default")]
    public static partial void RetryUndecided(this ILogger log, Exception? e, string engine, string workId);

    [LoggerMessage(310, LogLevel.Warning, "Artifact \"{Name}\" was not added to the step of work item {WorkId} from version {Version}")]
    public static partial void ArtifactNotAdded(this ILogger log, Exception e, string name, string workId, int version);

    [LoggerMessage(311, LogLevel.Warning,
        "That effect {Effect} of work item {WorkId} at version {Version} has failed could not be recorded; it counts as one of which nothing is known")]
    public static partial void EffectNotTakenBack(this ILogger log, Exception e, string effect, string workId, int version);

    [LoggerMessage(312, LogLevel.Warning,
        "It is not known whether effect {Effect} of work item {WorkId} at version {Version} has happened; question {AskId} asks")]
    public static partial void EffectAsked(this ILogger log, string effect, string workId, int version, string askId);

    // The file, from 400.

    [LoggerMessage(400, LogLevel.Error, "Roost could not write {Path}: {Message}")]
    public static partial void NotWritten(this ILogger log, Exception e, string path, string message);

    [LoggerMessage(401, LogLevel.Error, "Roost could not open {Path} again")]
    public static partial void NotReopened(this ILogger log, Exception e, string path);

    [LoggerMessage(402, LogLevel.Critical, "Nothing more is written to {Path}: {Message}")]
    public static partial void WritingStopped(this ILogger log, string path, string message);

    [LoggerMessage(403, LogLevel.Error, "Roost could not look for work in {Path}")]
    public static partial void WorkNotLookedFor(this ILogger log, Exception e, string path);

    [LoggerMessage(404, LogLevel.Error, "Roost could not claim work in {Path}")]
    public static partial void NothingClaimed(this ILogger log, Exception e, string path);

    [LoggerMessage(405, LogLevel.Warning, "The log of {Path} could not be moved to the file; it is opened anew for the next write")]
    public static partial void LogNotMoved(this ILogger log, Exception e, string path);

    [LoggerMessage(406, LogLevel.Error, "The log of {Path} was taken away, and what it held could not be moved to the file")]
    public static partial void LogTakenAway(this ILogger log, Exception e, string path);

    [LoggerMessage(407, LogLevel.Warning,
        "The clock was set back by {Moved}; {Items} items of {Path} whose delay was counted from the time before were moved with it")]
    public static partial void DelaysMoved(this ILogger log, TimeSpan moved, long items, string path);

    [LoggerMessage(408, LogLevel.Warning,
        "{Path} is a copy of {Original} that was made by hand, with the same identity and the same work: what runs here as well as there is done twice. " +
        "Adopt this one (roost adopt, AdoptAsync), or remove one of the two")]
    public static partial void FileIsCopy(this ILogger log, string path, string original);

    [LoggerMessage(409, LogLevel.Information, "Removed {Files} files ({Bytes} bytes) that killed backups or creations had left in {Folder}")]
    public static partial void LeftoversRemoved(this ILogger log, int files, long bytes, string folder);

    [LoggerMessage(410, LogLevel.Warning, "{Folder} could not be looked through for what killed backups have left")]
    public static partial void LeftoversNotFound(this ILogger log, Exception e, string folder);

    // Telling engines of ends, from 500.

    [LoggerMessage(500, LogLevel.Warning, "Engine {Engine} was not told of the end of work item {WorkId} in try {Attempt}")]
    public static partial void EndNotTold(this ILogger log, Exception? e, string engine, string workId, int attempt);

    [LoggerMessage(501, LogLevel.Error, "Engine {Engine} was not told of the end of work item {WorkId} in try {Attempt}, and is not told of it any more")]
    public static partial void EndNeverTold(this ILogger log, Exception? e, string engine, string workId, int attempt);

    [LoggerMessage(502, LogLevel.Error, "How engine {Engine} was told of the end of work item {WorkId} could not be saved; it is told again")]
    public static partial void TellingUnsaved(this ILogger log, Exception e, string engine, string workId);

    [LoggerMessage(503, LogLevel.Error, "Roost could not look for ends that an engine is to be told of")]
    public static partial void EndsNotLookedFor(this ILogger log, Exception e);
}
