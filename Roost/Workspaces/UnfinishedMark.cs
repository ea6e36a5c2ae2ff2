namespace Roost.Workspaces;

/// <summary>A small file beside a workspace that says: it is being made or removed. Found while nobody holds the lock, it tells of a crash.</summary>
internal sealed class UnfinishedMark(string path)
{
    public bool Exists => File.Exists(path);

    public void Write(WorkspaceMode kind) => File.WriteAllText(path, kind.ToString());

    /// <summary>What was being made or removed; null without a mark, or when the crash came before the mark was written out.</summary>
    public WorkspaceMode? Read() =>
        Exists && Enum.TryParse(File.ReadAllText(path), out WorkspaceMode kind) && Enum.IsDefined(kind) ? kind : null;

    public void Delete() => File.Delete(path);
}
