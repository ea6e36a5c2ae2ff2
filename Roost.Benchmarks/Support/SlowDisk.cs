using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Roost.Benchmarks;

/// <summary>The library of slow.c, compiled into a folder: what is preloaded into a process whose syncs shall take longer.</summary>
internal static class SlowDisk
{
    private static readonly string[] Compilers = ["cc", "gcc", "clang"];

    /// <summary>The variables of such a process; null, and the reason on the console, where it cannot be had.</summary>
    public static async Task<IReadOnlyDictionary<string, string>?> EnvironmentAsync(string folder, TimeSpan delay)
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.WriteLine("skipped: syncs are delayed with LD_PRELOAD, which is Linux's.");
            return null;
        }
        string source = Path.Combine(folder, "slow.c"), library = Path.Combine(folder, "slow.so");
        await using (Stream text = typeof(SlowDisk).Assembly.GetManifestResourceStream("slow.c")!)
        await using (FileStream file = File.Create(source)) await text.CopyToAsync(file);
        foreach (string compiler in Compilers)
        {
            try
            {
                using Process run = Process.Start(
                    new ProcessStartInfo(compiler, ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"]) { RedirectStandardError = true }
                )!;
                string errors = await run.StandardError.ReadToEndAsync();
                await run.WaitForExitAsync();
                if (run.ExitCode != 0)
                    throw new InvalidOperationException($"{compiler} ended with exit code {run.ExitCode} where it has to compile {source}: {errors}");
                return new Dictionary<string, string>
                {
                    ["LD_PRELOAD"] = library,
                    ["SLOW_MICROSECONDS"] = delay.TotalMicroseconds.ToString("0", CultureInfo.InvariantCulture),
                };
            }
            catch (Win32Exception)
            {
                // Not this compiler; the next.
            }
        }
        Console.WriteLine($"skipped: no C compiler ({string.Join(", ", Compilers)}) is on the PATH, so syncs cannot be delayed; install one, for example gcc.");
        return null;
    }
}
