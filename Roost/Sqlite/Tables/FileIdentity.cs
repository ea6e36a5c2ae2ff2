using Roost.Sqlite.Files;

namespace Roost.Sqlite.Tables;

/// <summary>What makes this file itself and no copy of it.</summary>
internal sealed class FileIdentity(WriteConnection connection)
{
    private readonly Statement read = connection.Prepare("SELECT value FROM roost_meta WHERE key = ?1");
    private readonly Statement write = connection.Prepare(
        "INSERT INTO roost_meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    );
    private readonly Statement delete = connection.Prepare("DELETE FROM roost_meta WHERE key = ?1");

    private string? fileId, copyOf;
    private bool copyKnown;

    /// <summary>Random, given when the file is created and again when a copy is adopted. Part of every step's idempotency key.</summary>
    public string FileId => fileId ??= Read("file_id")!;

    /// <summary>The id of the file that this one is a backup of, until it is adopted.</summary>
    public string? CopyOf
    {
        get
        {
            if (!copyKnown) (copyOf, copyKnown) = (Read("copy_of"), true);
            return copyOf;
        }
    }

    /// <summary>What only the original may do is refused on its copies.</summary>
    public void RefuseCopy(string path, string what)
    {
        if (CopyOf is { } original)
            throw new FileRefusedException(
                FileRefusal.BackupCopy,
                $"{path} is a backup copy (of file {original}) and {what}. Call AdoptAsync to make it a file of its own, once the original no longer runs."
            );
    }

    /// <summary>
    /// Records where the file is, unless it is a copy that was made by hand, of a file that is there as well: then that one's path is returned, and
    /// what is recorded stays, so that whoever comes next is told it too.
    /// </summary>
    public string? Settle()
    {
        if (FilePlace.At(connection.Path, !connection.Options.AllowNetworkFileSystem) is not { } here || CopyOf is not null) return null;
        FilePlace? recorded = FilePlace.Read(Read(FilePlace.Key));
        if (recorded == here) return null;
        if (recorded is not null && here.OriginalBy(recorded, FileId) is { } original) return original;
        write.Bind(1, FilePlace.Key).Bind(2, here.Write()).Run();
        return null;
    }

    public void Forget() => (fileId, copyKnown) = (null, false);

    public string NewIdentity()
    {
        write.Bind(1, "file_id").Bind(2, Guid.NewGuid().ToString("N")).Run();
        return TakePlace();
    }

    /// <summary>A copy is the file from here on, under the identity that it has.</summary>
    public string TakePlace()
    {
        delete.Bind(1, "copy_of").Run();
        delete.Bind(1, FilePlace.Key).Run();
        Forget();
        Settle();
        return FileId;
    }

    private string? Read(string key) => read.Bind(1, key).One(static row => row.Text(0));
}
