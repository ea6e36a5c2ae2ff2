using Microsoft.Data.Sqlite;
using Roost.Native;
using static SQLitePCL.raw;

namespace Roost.Sqlite.Files;

/// <summary>
/// Where a file is: its path, and its device and inode. Kept in the file itself, so that a copy which was made by hand can be told: it is another file
/// than the one that is named in it, and that one is still there and has the same identity. A file that was moved, restored or mounted elsewhere is
/// none: then what is named is gone, or is the file itself. Known on Linux alone.
/// </summary>
/// <param name="Node">Device and inode.</param>
/// <param name="Path">The full path.</param>
internal sealed record FilePlace(string Node, string Path)
{
    /// <summary>Its key among the facts about the file.</summary>
    public const string Key = "place";

    private const long LeastDatabase = 512;
    private const int FewInstructions = 10_000;

    /// <summary>Null where files have no numbers, or none that stay.</summary>
    public static FilePlace? At(string path, bool numbersStay) => numbersStay && OpenFile.NodeAt(path) is { } node ? new(node, path) : null;

    public static FilePlace? Read(string? stored) => stored?.Split(' ', 2) is [var node, var path] ? new(node, path) : null;

    public string Write() => $"{Node} {Path}";

    /// <summary>
    /// The path of the original where this file is certainly a copy of it: what was recorded in it, by path and by inode, is another file that is there
    /// now and has the same identity. Null where nothing is certain.
    /// </summary>
    /// <param name="recorded">What is kept in this file.</param>
    /// <param name="fileId">The identity that is kept in this file.</param>
    public string? OriginalBy(FilePlace recorded, string fileId) =>
        recorded.Path != Path && Inode(recorded.Node) != Inode(Node) && OpenFile.NodeAt(recorded.Path) == recorded.Node && IdentityOf(recorded.Path) == fileId
            ? recorded.Path
            : null;

    /// <summary>One file may be seen on two devices, through layers of file systems, but not with two inodes.</summary>
    private static string Inode(string node) => node[(node.IndexOf(':', StringComparison.Ordinal) + 1)..];

    /// <summary>
    /// Reads as a file that does not change, so that nothing is written, locked, recovered or made beside it: a file that somebody else has made must not lead
    /// to changes of others.
    /// </summary>
    private static string? IdentityOf(string path)
    {
        try
        {
            if (new FileInfo(path) is not { Exists: true, Length: >= LeastDatabase }) return null;
            using var db = new SqliteConnection(new SqliteConnectionStringBuilder
            {
                DataSource = $"file:{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1",
                Mode = SqliteOpenMode.ReadOnly,
                Pooling = false,
            }.ToString());
            db.Open();
            sqlite3_progress_handler(db.Handle!, FewInstructions, static _ => 1, null);
            using var version = new Statement(db.Handle!, "PRAGMA user_version");
            using var identity = new Statement(db.Handle!, $"SELECT value FROM {Schema.PrefixOf(version.Scalar() ?? 0)}meta WHERE key = 'file_id'");
            return identity.One(static row => row.NullableText(0)!);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
