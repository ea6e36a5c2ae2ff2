using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace Roost.Sqlite.Files;

/// <summary>
/// What a backup or the creation of a file leaves when its process is killed: a file under a temporary name. It is removed where that is certain, by its
/// name, by what is in it, and because nobody has it open or has written to it for a while.
/// </summary>
internal static class Leftovers
{
    private const int HeaderBytes = 100, ApplicationIdAt = 68;

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);
    private static readonly string[] Beside = ["-journal", "-wal", "-shm"];
    private static readonly ConcurrentDictionary<string, bool> Held = new();

    /// <summary>What was removed, and what looks like such a file and was left, because it is not certain that it is one.</summary>
    public sealed record Sweeping(IReadOnlyList<string> Removed, long Bytes, IReadOnlyList<string> Left);

    private enum Content
    {
        Ours,
        Blank,
        Other,
    }

    private sealed class Holding(string made) : IDisposable
    {
        public void Dispose() => Held.TryRemove(made, out _);
    }

    /// <summary>A new temporary name for a file that is moved to its place when it is whole.</summary>
    public static string NameFor(string target) => $"{target}.{Guid.NewGuid():N}.new";

    /// <summary>This process writes the file until this is disposed.</summary>
    public static IDisposable Hold(string made)
    {
        Held[made] = true;
        return new Holding(made);
    }

    public static void Remove(string made)
    {
        File.Delete(made);
        foreach (string suffix in Beside) File.Delete(made + suffix);
    }

    /// <summary>Removes from a folder what killed backups and creations have left in it.</summary>
    public static Sweeping Sweep(string folder)
    {
        (var removed, var left) = (new List<string>(), new List<string>());
        long bytes = 0;
        foreach (string made in Directory.EnumerateFiles(folder, "*.new").Where(file => Name.IsMatch(file) && !Held.ContainsKey(file)))
        {
            try
            {
                if (new FileInfo(made) is not { Exists: true, LinkTarget: null } file || !IsQuiet(made)) continue;
                Content content = ContentOf(made);
                if (content == Content.Blank) left.Add(made);
                if (content != Content.Ours || IsInUse(made)) continue;
                long size = file.Length;
                Remove(made);
                removed.Add(made);
                bytes += size;
            }
            catch (FileNotFoundException)
            {
                // Somebody else has removed it, or moved it into its place.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or SqliteException)
            {
                left.Add(made);
            }
        }
        return new(removed, bytes, left);
    }

    /// <summary>A copy that goes on is written to all the time; one whose time lies ahead is left to itself.</summary>
    private static bool IsQuiet(string made) =>
        Beside.Select(suffix => made + suffix).Append(made).All(file => !File.Exists(file) || DateTime.UtcNow - File.GetLastWriteTimeUtc(file) > Quiet);

    private static Content ContentOf(string made)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        using FileStream file = new(made, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        int read = file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
        if (read == 0)
            return Content.Ours; // Nothing is lost with it.
        if (read < HeaderBytes)
            return Content.Other;
        if (!header.ContainsAnyExcept((byte)0))
            return Content.Blank;
        return header.StartsWith("SQLite format 3\0"u8) && BinaryPrimitives.ReadInt32BigEndian(header[ApplicationIdAt..]) == Database.ApplicationId
            ? Content.Ours
            : Content.Other;
    }

    /// <summary>SQLite's lock is held from the first page of a copy to its last; the kernel drops it with the process.</summary>
    private static bool IsInUse(string made)
    {
        using var db = new SqliteConnection(
            new SqliteConnectionStringBuilder
            {
                DataSource = made,
                Mode = SqliteOpenMode.ReadWrite,
                Pooling = false,
                DefaultTimeout = 1,
            }.ToString()
        );
        db.Open();
        try
        {
            Database.Execute(db, "PRAGMA busy_timeout = 0");
            Database.Execute(db, "BEGIN EXCLUSIVE");
            Database.Execute(db, "ROLLBACK");
            return false;
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED)
        {
            return true;
        }
    }

    private static readonly Regex Name = new(@"\.[0-9a-f]{32}\.new$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
}
