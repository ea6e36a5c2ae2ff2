namespace Roost.Workspaces;

/// <summary>
/// A git worktree and its repository point at each other by path: <c>.git</c> in the worktree, <c>gitdir</c> in the repository's record of it.
/// </summary>
internal static class WorktreeLink
{
    private const string Prefix = "gitdir: ";

    /// <summary>Whether both pointers lead to something. They do not when either side was moved, or the repository dropped its record.</summary>
    public static bool Holds(string worktree)
    {
        string forward = FirstLine(Path.Combine(worktree, ".git"));
        if (!forward.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        string record = Path.GetFullPath(forward[Prefix.Length..], worktree);
        string back = FirstLine(Path.Combine(record, "gitdir"));
        return back.Length > 0 && File.Exists(Path.GetFullPath(back, record));
    }

    // NUL is no part of a path; GetFullPath would throw on it.
    private static string FirstLine(string path) =>
        File.Exists(path) ? (File.ReadLines(path).FirstOrDefault() ?? "").Trim().Replace("\0", "", StringComparison.Ordinal) : "";
}
