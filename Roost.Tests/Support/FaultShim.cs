using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Roost.Tests.Support;

/// <summary>The library of Native/faults.c, compiled once for a fixture.</summary>
internal static class FaultShim
{
    /// <summary>Compiles it into a folder; skips the test where that cannot be done.</summary>
    public static async Task<string> CompileAsync(string folder)
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("Faults are injected with LD_PRELOAD, which is Linux's.");
        string source = Path.Combine(folder, "faults.c"), library = Path.Combine(folder, "faults.so");
        await using (Stream text = typeof(FaultShim).Assembly.GetManifestResourceStream("faults.c")!)
        await using (FileStream file = File.Create(source)) await text.CopyToAsync(file);
        foreach (string compiler in (string[])["cc", "gcc", "clang"])
        {
            try
            {
                using Process run = Process.Start(new ProcessStartInfo(compiler, ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl", "-lpthread"]) { RedirectStandardError = true })!;
                string errors = await run.StandardError.ReadToEndAsync();
                await run.WaitForExitAsync();
                run.ExitCode.Should().Be(0, $"{compiler} on {RuntimeInformation.OSDescription} has to compile faults.c: {errors}");
                return library;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // Not this compiler; the next.
            }
        }
        Assert.Ignore("No C compiler (cc, gcc, clang) is on the PATH; faults of the disk cannot be injected.");
        return "";
    }

    public static Dictionary<string, string> Environment(string library) => new() { ["LD_PRELOAD"] = library };
}
