using Roost.Native;

namespace Roost.Workspaces;

/// <summary>The git repository that workspaces start from.</summary>
internal sealed class BaseRepository(string path, string? baseRevision)
{
    private const string Field = "Workspaces.Repository";
    private const string PlainFolderAdvice = "or leave workspaces.repository out for plain folders";

    /// <summary>Refuses what is not a usable repository, and returns the commit that a new workspace starts at.</summary>
    public async Task<string> ResolveAsync(CancellationToken cancellationToken)
    {
        if (File.Exists(path))
            throw new InvalidInputException(Field, $"'{path}' is a file, not a git repository; give the repository's folder, {PlainFolderAdvice}.");
        if (!Directory.Exists(path))
            throw new InvalidInputException(Field, $"there is no folder '{path}'; create it with 'git init' and commit, {PlainFolderAdvice}.");

        Git.Result prefix = await Git.RunAsync(path, ["rev-parse", "--show-prefix"], cancellationToken).ConfigureAwait(false);
        if (!prefix.Succeeded)
            throw new InvalidInputException(
                Field,
                $"'{path}' is not a git repository ({prefix.Reason}); run 'git init' in it and commit, {PlainFolderAdvice}."
            );
        if (prefix.Output.Trim().Length > 0)
            throw new InvalidInputException(
                Field,
                $"'{path}' is '{prefix.Output.Trim()}' within a git repository; give the repository's top folder, {PlainFolderAdvice}."
            );

        string revision = baseRevision ?? "HEAD";
        Git.Result commit = await Git.RunAsync(path, ["rev-parse", "--verify", "--quiet", $"{revision}^{{commit}}"], cancellationToken).ConfigureAwait(false);
        if (commit.Succeeded)
            return commit.Output.Trim();
        throw baseRevision is null
            ? new InvalidInputException(Field, $"'{path}' has no commit at HEAD; make one ('git commit --allow-empty -m start'), {PlainFolderAdvice}.")
            : new InvalidInputException(
                "Workspaces.BaseRevision",
                $"'{baseRevision}' names no commit in '{path}'; give a branch, tag or commit that 'git log' shows, or leave it out for HEAD."
            );
    }

    /// <summary>
    /// Makes a worktree on a branch. A branch left by an earlier workspace of the item is taken up with its commits; else it begins at the commit.
    /// The folder must be missing or empty.
    /// </summary>
    /// <returns>Null when it is made, else why git refused.</returns>
    public async Task<string?> AddWorktreeAsync(string folder, string branch, string commit, CancellationToken cancellationToken)
    {
        Git.Result made = await RegisterWorktreeAsync(folder, branch, commit, cancellationToken).ConfigureAwait(false);
        if (made.Succeeded)
            made = await Git.RunAsync(folder, ["reset", "--quiet", "--hard"], cancellationToken).ConfigureAwait(false);
        return made.Succeeded ? null : made.Reason;
    }

    /// <summary>Clones the repository and starts a branch at the commit. The folder must be missing or empty.</summary>
    /// <returns>Null when it is made, else why git refused.</returns>
    public async Task<string?> CloneAsync(string folder, string branch, string commit, CancellationToken cancellationToken)
    {
        Git.Result result = await Git.RunAsync(path, ["clone", "--quiet", "--no-checkout", "--", path, folder], cancellationToken).ConfigureAwait(false);
        if (result.Succeeded)
            result = await Git.RunAsync(folder, ["checkout", "--quiet", "--no-track", "-b", branch, commit, "--"], cancellationToken).ConfigureAwait(false);
        return result.Succeeded ? null : result.Reason;
    }

    /// <summary>Connects a worktree and this repository again after one of them was moved. Touches no file of the worktree but <c>.git</c>.</summary>
    public async Task RepairAsync(string folder, CancellationToken cancellationToken)
    {
        using FileLock? held = await LockAsync(cancellationToken).ConfigureAwait(false);
        if (held is not null)
            await Git.RunAsync(path, ["worktree", "repair", "--", folder], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Drops the record of a worktree whose folder is deleted already, and its branch unless another worktree is on it.</summary>
    public async Task ForgetWorktreeAsync(string folder, string branch, CancellationToken cancellationToken)
    {
        using FileLock? held = await LockAsync(cancellationToken).ConfigureAwait(false);
        if (held is null)
            return;

        // Not 'worktree prune': it would also drop the repository's other worktrees whose disks are not mounted now.
        await DropWorktreeAsync(folder, cancellationToken).ConfigureAwait(false);
        if (await FindBranchAsync(branch, cancellationToken).ConfigureAwait(false) is not "")
            return;
        Git.Result deleted = await Git.RunAsync(path, ["branch", "--quiet", "-D", "--", branch], cancellationToken).ConfigureAwait(false);
        if (!deleted.Succeeded)
            throw new RoostException(
                $"The workspace '{folder}' is deleted, but its branch '{branch}' in '{path}' is not: {deleted.Reason}. Remove the workspace again, or " +
                $"delete the branch by hand."
            );
    }

    // Without a checkout, which may take long and does not need the lock.
    private async Task<Git.Result> RegisterWorktreeAsync(string folder, string branch, string commit, CancellationToken cancellationToken)
    {
        using FileLock? held = await LockAsync(cancellationToken).ConfigureAwait(false);
        bool exists = await FindBranchAsync(branch, cancellationToken).ConfigureAwait(false) is not null;
        string[] add = exists
            ? ["worktree", "add", "--quiet", "--no-checkout", "--", folder, branch]
            : ["worktree", "add", "--quiet", "--no-checkout", "--no-track", "-b", branch, "--", folder, commit];
        Git.Result added = await Git.RunAsync(path, add, cancellationToken).ConfigureAwait(false);
        if (added.Succeeded)
            return added;

        // A record of this very folder may be left from a crash or a deletion by hand.
        Git.Result dropped = await DropWorktreeAsync(folder, cancellationToken).ConfigureAwait(false);
        return dropped.Succeeded ? await Git.RunAsync(path, add, cancellationToken).ConfigureAwait(false) : added;
    }

    /// <summary>
    /// Takes turns with every Roost process that uses this repository; null when it is gone or read-only. Git does not guard its records of worktrees:
    /// adding one fails ("failed to read .../commondir") while another is being added or removed.
    /// </summary>
    private async Task<FileLock?> LockAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(path))
            return null;
        Git.Result common = await Git.RunAsync(path, ["rev-parse", "--git-common-dir"], cancellationToken).ConfigureAwait(false);
        if (!common.Succeeded)
            return null;
        string folder = Path.GetFullPath(common.Output.Trim(), path);
        try
        {
            return await WorkspaceLock.TakeAsync(Path.Combine(folder, "roost.lock"), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Git cannot write there either, and says why better than we could.
            return null;
        }
    }

    // Forced twice: a half-made worktree is locked by git.
    private Task<Git.Result> DropWorktreeAsync(string folder, CancellationToken cancellationToken) =>
        Git.RunAsync(path, ["worktree", "remove", "--force", "--force", "--", folder], cancellationToken);

    /// <summary>Where a branch is checked out, empty for nowhere; null when there is no such branch.</summary>
    private async Task<string?> FindBranchAsync(string branch, CancellationToken cancellationToken)
    {
        string reference = $"refs/heads/{branch}";
        Git.Result found = await Git.RunAsync(path, ["for-each-ref", "--format=%(refname) %(worktreepath)", "--", reference], cancellationToken)
            .ConfigureAwait(false);
        string line = found.Output.Trim();
        return line.StartsWith(reference, StringComparison.Ordinal) ? line[reference.Length..].Trim() : null;
    }
}
