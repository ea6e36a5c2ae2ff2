using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Roost.Benchmarks;

/// <summary>What a figure was measured on.</summary>
internal static class Machine
{
    public static string Facts => $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription.Trim()}, .NET {Environment.Version}";

    /// <summary>How much this process has written so far, by the kernel's count; Linux only, 0 elsewhere.</summary>
    public static long BytesWritten => OperatingSystem.IsLinux()
        ? long.Parse(File.ReadLines("/proc/self/io").First(line => line.StartsWith("wchar:", StringComparison.Ordinal)).AsSpan(7), CultureInfo.InvariantCulture)
        : 0;

    public static double PeakMegabytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64 / 1e6;
        }
    }

    /// <summary>Lets the peak start anew from what the process holds now; where that is not to be had, it goes on.</summary>
    public static void ForgetPeak()
    {
        if (OperatingSystem.IsLinux()) File.WriteAllText("/proc/self/clear_refs", "5");
    }
}
