namespace Roost;

/// <summary>Where workspaces live and what they are made from. A workspace is made when an engine first asks for it.</summary>
public sealed record WorkspaceOptions
{
    /// <summary>
    /// The folder that holds one folder for each workspace. Null, the default, means a folder beside the database. It is created when missing,
    /// readable by its owner only; one that is there keeps its rights. Several runtimes may share it.
    /// </summary>
    public string? Root { get; init; }

    /// <summary>
    /// The path of the local git repository that workspaces start from: its top folder, or a bare repository. Null, the default, means plain folders.
    /// It needs git 2.30 or later on the PATH and at least one commit; both are checked when a workspace is made.
    /// </summary>
    public string? Repository { get; init; }

    /// <summary>What a workspace is made as. The default is <see cref="WorkspaceMode.Auto"/>. A workspace that is there already stays what it is.</summary>
    public WorkspaceMode Mode { get; init; }

    /// <summary>
    /// The revision of <see cref="Repository"/> that a new workspace starts at: a branch, tag or commit. Null, the default, means <c>HEAD</c>.
    /// It is looked up each time a workspace is made.
    /// </summary>
    public string? BaseRevision { get; init; }

    /// <summary>Throws <see cref="InvalidInputException"/> for the first option that breaks a rule. Looks at the options only, not at the disk.</summary>
    internal void Validate()
    {
        RefuseBlank("Workspaces.Root", Root);
        RefuseBlank("Workspaces.Repository", Repository);
        RefuseBlank("Workspaces.BaseRevision", BaseRevision);
        if (!Enum.IsDefined(Mode))
            throw new InvalidInputException("Workspaces.Mode", $"is {(int)Mode}, which is no mode; use Auto, Worktree, Clone or Folder.");
        if (Repository is null && Mode is WorkspaceMode.Worktree or WorkspaceMode.Clone)
            throw new InvalidInputException(
                "Workspaces.Repository",
                $"is missing, but mode {Mode} needs it; give the path of a git repository, or use mode Folder."
            );
        if (Repository is not null && Mode == WorkspaceMode.Folder)
            throw new InvalidInputException("Workspaces.Repository", "is given, but mode Folder makes empty folders; leave it out, or use mode Auto.");
        if (Repository is null && BaseRevision is not null)
            throw new InvalidInputException("Workspaces.BaseRevision", "is given without a repository; give workspaces.repository too, or leave it out.");
        if (BaseRevision is not null && BaseRevision.StartsWith('-'))
            throw new InvalidInputException(
                "Workspaces.BaseRevision",
                $"is '{BaseRevision}', which git would read as an option; give a branch, tag or commit."
            );
    }

    private static void RefuseBlank(string field, string? value)
    {
        if (value is null)
            return;
        if (string.IsNullOrWhiteSpace(value) || value.Contains('\0', StringComparison.Ordinal))
            throw new InvalidInputException(field, "is empty or has a NUL character; give a value, or leave it out for the default.");
    }
}
