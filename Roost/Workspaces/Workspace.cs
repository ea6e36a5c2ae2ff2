using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Roost.Native;
using Roost.Observing;
using Roost.Workspaces;

namespace Roost;

/// <summary>
/// A private folder for one work item, the same one at every step: a git worktree or clone of a base repository, or a plain folder.
/// Nothing is on disk before <see cref="EnsureAsync"/>. One work item's workspace is not for two steps at once, but making and removing it
/// are safe when several callers or processes do it together.
/// </summary>
public sealed class Workspace
{
    private readonly WorkspaceOptions options;
    private readonly BaseRepository? repository;
    private readonly ILogger logger;
    private readonly UnfinishedMark unfinished;
    private readonly string root;
    private readonly string stateFolder;
    private readonly string lockPath;
    private readonly string branch;

    internal Workspace(WorkspaceOptions options, string root, string workId, ILogger? logger = null)
    {
        this.options = options;
        this.root = System.IO.Path.GetFullPath(root);
        this.logger = logger ?? NullLogger.Instance;
        repository = options.Repository is null ? null : new(System.IO.Path.GetFullPath(options.Repository), options.BaseRevision);
        WorkId = workId;

        string name = SafeName.WithHash(workId);
        Path = SafeName.Under(this.root, name);
        branch = $"roost/{name}";
        stateFolder = SafeName.Under(this.root, ".roost");
        unfinished = new(System.IO.Path.Combine(stateFolder, $"{name}.unfinished"));

        // Lock files cannot be deleted safely, so 256 of them serve all workspaces: the hash's last two digits choose.
        lockPath = System.IO.Path.Combine(stateFolder, $"{name[^2..]}.lock");
    }

    /// <summary>The id of the work item that owns the workspace.</summary>
    public string WorkId { get; }

    /// <summary>
    /// The full path of the folder, whether it exists or not: below the root, named by a readable form of the work id and a hash of it,
    /// so that any id is safe and two ids never share a folder. In git, the workspace is on the branch <c>roost/&lt;folder name&gt;</c>.
    /// </summary>
    public string Path { get; }

    /// <summary>Whether the folder is there and whole: not half-made or half-removed, and not a link.</summary>
    public bool Exists => Found() is not null && !unfinished.Exists;

    /// <summary>
    /// What is there now: <see cref="WorkspaceMode.Worktree"/>, <see cref="WorkspaceMode.Clone"/> or <see cref="WorkspaceMode.Folder"/>,
    /// told by its <c>.git</c>; null when <see cref="Exists"/> is false.
    /// </summary>
    public WorkspaceMode? Kind => unfinished.Exists ? null : Found();

    /// <summary>
    /// Makes the workspace unless it is there, and returns its full path. What is there stays as it is, with uncommitted work; what a crash left
    /// half-made or half-removed is made anew, on the item's branch where that exists. Cancelling leaves a half-made one for the next call.
    /// </summary>
    /// <exception cref="InvalidInputException">The base is not a git repository, has no commit or lacks the base revision, or git is not installed.</exception>
    /// <exception cref="FileRefusedException">A link or a file is in the way, the root cannot be used, or a worktree lost its repository.</exception>
    /// <exception cref="RoostException">Git could not make the workspace; the message has git's reason.</exception>
    public async Task<string> EnsureAsync(CancellationToken cancellationToken = default)
    {
        PrepareRoot();
        using FileLock held = await WorkspaceLock.TakeAsync(lockPath, cancellationToken).ConfigureAwait(false);
        RefuseWhatIsInTheWay();
        if (unfinished.Exists)
            FolderTree.Delete(Path);
        else if (await CanBeKeptAsync(cancellationToken).ConfigureAwait(false))
            return Path;

        if (repository is null)
            Directory.CreateDirectory(Path);
        else
            await MakeFromRepositoryAsync(repository, cancellationToken).ConfigureAwait(false);
        unfinished.Delete();
        return Path;
    }

    /// <summary>
    /// Deletes the workspace with everything in it, uncommitted work too; links in it are deleted, what they point at is not.
    /// A worktree's branch goes with its commits: merge or push first what should stay. Nothing happens when nothing is there.
    /// </summary>
    /// <exception cref="FileRefusedException">A link or a file is at the workspace's path.</exception>
    /// <exception cref="RoostException">Something could not be deleted; remove the workspace again once the reason is gone.</exception>
    public async Task RemoveAsync(CancellationToken cancellationToken = default)
    {
        if (!Directory.Exists(root))
            return;
        PrepareRoot();
        using FileLock held = await WorkspaceLock.TakeAsync(lockPath, cancellationToken).ConfigureAwait(false);
        RefuseWhatIsInTheWay();
        WorkspaceMode? kind = unfinished.Read() ?? Found();
        if (kind is { } known)
            unfinished.Write(known);

        FolderTree.Delete(Path);
        // Only a worktree's branch is Roost's: in the base of a clone, one of that name was pushed there to stay.
        if (kind == WorkspaceMode.Worktree && repository is not null)
            await repository.ForgetWorktreeAsync(Path, branch, cancellationToken).ConfigureAwait(false);
        unfinished.Delete();
    }

    private WorkspaceMode? Found()
    {
        if (!Directory.Exists(Path) || IsLink(Path))
            return null;
        string git = System.IO.Path.Combine(Path, ".git");
        if (File.Exists(git))
            return WorkspaceMode.Worktree;
        return Directory.Exists(git) ? WorkspaceMode.Clone : WorkspaceMode.Folder;
    }

    private async Task<bool> CanBeKeptAsync(CancellationToken cancellationToken)
    {
        WorkspaceMode? kind = Found();
        if (kind == WorkspaceMode.Worktree && !WorktreeLink.Holds(Path))
        {
            if (repository is not null)
                await repository.RepairAsync(Path, cancellationToken).ConfigureAwait(false);
            if (!WorktreeLink.Holds(Path))
                throw new FileRefusedException(
                    FileRefusal.Workspace,
                    $"The workspace '{Path}' is a git worktree, but its repository no longer knows it. Save what you need from it, then remove the " +
                    $"workspace; the next step makes it anew."
                );
        }

        // An empty folder holds no work: with a repository it becomes what was asked for.
        return kind is not null && (kind != WorkspaceMode.Folder || repository is null || Directory.EnumerateFileSystemEntries(Path).Any());
    }

    private async Task MakeFromRepositoryAsync(BaseRepository from, CancellationToken cancellationToken)
    {
        string commit = await from.ResolveAsync(cancellationToken).ConfigureAwait(false);
        string? refused = null;
        if (options.Mode != WorkspaceMode.Clone)
        {
            unfinished.Write(WorkspaceMode.Worktree);
            refused = await from.AddWorktreeAsync(Path, branch, commit, cancellationToken).ConfigureAwait(false);
            if (refused is null)
                return;
            if (options.Mode == WorkspaceMode.Worktree)
                throw new RoostException($"git could not make the worktree '{Path}': {refused}. Repair the cause, or use mode Auto or Clone.");
            logger.CloneInstead(Path, refused);
            FolderTree.Delete(Path);
        }

        unfinished.Write(WorkspaceMode.Clone);
        string? failed = await from.CloneAsync(Path, branch, commit, cancellationToken).ConfigureAwait(false);
        if (failed is not null)
            throw new RoostException(
                $"git could not make the clone '{Path}': {failed}{(refused is null ? "" : $" (nor a worktree: {refused})")}. Repair the cause and try again."
            );
    }

    private void PrepareRoot()
    {
        try
        {
            if (!Directory.Exists(root))
                CreatePrivateFolder(root);
            Directory.CreateDirectory(stateFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FileRefusedException(
                FileRefusal.Workspace,
                $"The folder for workspaces '{root}' cannot be used: {e.Message} Set workspaces.root to a folder that this process may write.",
                e
            );
        }

        if (IsLink(stateFolder))
            throw new FileRefusedException(FileRefusal.Workspace, $"'{stateFolder}' is a link, expected a folder of Roost's own; delete the link.");
    }

    private static void CreatePrivateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private void RefuseWhatIsInTheWay()
    {
        if (IsLink(Path))
            throw new FileRefusedException(FileRefusal.Workspace, $"'{Path}' is a link to somewhere else, expected a workspace or nothing; delete the link.");
        if (File.Exists(Path))
            throw new FileRefusedException(FileRefusal.Workspace, $"'{Path}' is a file, expected a workspace or nothing; move the file away.");
    }

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;
}
