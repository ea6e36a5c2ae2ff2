using System.Globalization;

namespace Roost.Tests.Support;

/// <summary>The clock of real processes, in the hands of a test, by libfaketime; skips the test where that is missing.</summary>
internal sealed class ProcessClock
{
    private readonly string file, library;
    private readonly bool movesMonotonic;

    /// <param name="file">Where the processes read by how much their clock is set.</param>
    /// <param name="movesMonotonic">Their monotonic clock moves with the wall clock, as in a machine that was suspended; else it goes on as if nothing had
    /// happened.</param>
    public ProcessClock(string file, bool movesMonotonic)
    {
        this.file = file;
        this.movesMonotonic = movesMonotonic;
        library = Find() ?? "";
        if (library.Length == 0) Assert.Ignore("libfaketimeMT.so.1 (Debian's package faketime) is not installed; the clock of a process cannot be moved.");
        Set(TimeSpan.Zero);
    }

    public Dictionary<string, string> Environment => new()
    {
        ["LD_PRELOAD"] = library,
        ["FAKETIME_TIMESTAMP_FILE"] = file,
        ["FAKETIME_NO_CACHE"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = movesMonotonic ? "0" : "1",
        ["NO_FAKE_STAT"] = "1",
    };

    /// <summary>From here on their clock is this far from the true one.</summary>
    public void Set(TimeSpan by)
    {
        string next = file + ".next";
        File.WriteAllText(next, by.TotalSeconds.ToString("+0;-0;+0", CultureInfo.InvariantCulture));
        File.Move(next, file, overwrite: true); // Never seen half-written.
    }

    private static string? Find() =>
        OperatingSystem.IsLinux()
            ? ((string[])["/usr/lib", "/usr/lib64", "/lib"])
                .Where(Directory.Exists)
                .SelectMany(folder =>
                    Directory.GetFiles(
                        folder,
                        "libfaketimeMT.so.1",
                        new EnumerationOptions
                        {
                            RecurseSubdirectories = true,
                            MaxRecursionDepth = 2,
                            IgnoreInaccessible = true,
                        }
                    )
                )
                .FirstOrDefault()
            : null;
}
