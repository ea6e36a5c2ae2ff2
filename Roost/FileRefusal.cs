namespace Roost;

/// <summary>Why a file is refused. Later versions may add to it.</summary>
public enum FileRefusal
{
    /// <summary>
    /// It is no Roost database: no SQLite file, one of another program, or one whose header is none that Roost writes. Another path, or another file in its
    /// place.
    /// </summary>
    Foreign,

    /// <summary>A newer Roost made it, or has migrated it while it was open (noticed at the next read or write). That version of Roost can use it.</summary>
    NewerSchema,

    /// <summary>
    /// An older Roost made it, and a worker of that version runs on it, or may: it is not migrated under its steps. The message names worker and process;
    /// once that has stopped the file can be opened.
    /// </summary>
    OlderWorker,

    /// <summary>
    /// It is a backup copy that was not adopted: it can be read, and neither changed nor worked on before <see cref="RoostRuntime.AdoptAsync"/>.
    /// </summary>
    BackupCopy,

    /// <summary>
    /// It was deleted or replaced while it was open: noticed within about a tenth of a second, at the next read, write or poll; then the runtime stops. The
    /// right file has to be put back and opened anew.
    /// </summary>
    TakenAway,

    /// <summary>It or its folder can be read and not written.</summary>
    ReadOnly,

    /// <summary>It or its folder may not be used by this process's user, or cannot be created there.</summary>
    NoAccess,

    /// <summary>Its folder does not exist, the path is a folder itself, or a link in it leads nowhere.</summary>
    NoPlace,

    /// <summary>It is on a network file system, where SQLite's locks may not work; see <see cref="RoostOptions.AllowNetworkFileSystem"/>.</summary>
    NetworkFileSystem,

    /// <summary>
    /// SQLite or the file system cannot do there what Roost needs: a write-ahead log, the durability asked for, a version of SQLite without known faults.
    /// </summary>
    Unsuitable,

    /// <summary>
    /// Not the data file but a workspace's folder: a link or file where a workspace should be, a root that cannot be used, a repository that knows it no more.
    /// </summary>
    Workspace,
}
