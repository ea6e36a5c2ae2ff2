namespace Roost;

/// <summary>What a workspace is made as.</summary>
public enum WorkspaceMode
{
    /// <summary>
    /// A git worktree, or a clone where git cannot make a worktree, when <see cref="WorkspaceOptions.Repository"/> is given; a plain folder otherwise. The
    /// default.
    /// </summary>
    Auto,

    /// <summary>A git worktree of the repository, on a branch of its own. Shares the repository's objects; what git refuses is an error.</summary>
    Worktree,

    /// <summary>A local clone of the repository, on a branch of its own. Its <c>origin</c> is the repository.</summary>
    Clone,

    /// <summary>A plain, empty folder.</summary>
    Folder,
}
