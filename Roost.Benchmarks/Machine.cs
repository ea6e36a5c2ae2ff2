using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Roost.Benchmarks;

/// <summary>What a figure was measured on.</summary>
internal static class Machine
{
    public static string Facts => $"{Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription.Trim()}, .NET {Environment.Version}";

    public static double PeakMegabytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64 / 1e6;
        }
    }
}
