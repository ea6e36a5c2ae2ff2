using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Roost.Tests.Support;

/// <summary>The libraries of Native/, each one C file, to be loaded into child processes by LD_PRELOAD.</summary>
internal static class NativeShim
{
    /// <summary>Compiles one into a folder; skips the test where that cannot be done.</summary>
    public static async Task<string> CompileAsync(string folder, string name)
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore($"{name} is loaded with LD_PRELOAD, which is Linux's.");
        string source = Path.Combine(folder, $"{name}.c"), library = Path.Combine(folder, $"{name}.so");
        await using (Stream text = typeof(NativeShim).Assembly.GetManifestResourceStream($"{name}.c")!)
        await using (FileStream file = File.Create(source)) await text.CopyToAsync(file);
        foreach (string compiler in (string[])["cc", "gcc", "clang"])
        {
            try
            {
                using Process run = Process.Start(
                    new ProcessStartInfo(compiler, ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl", "-lpthread"]) { RedirectStandardError = true }
                )!;
                string errors = await run.StandardError.ReadToEndAsync();
                await run.WaitForExitAsync();
                run.ExitCode.Should().Be(0, $"{compiler} on {RuntimeInformation.OSDescription} has to compile {name}.c: {errors}");
                return library;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // Not this compiler; the next.
            }
        }
        Assert.Ignore($"No C compiler (cc, gcc, clang) is on the PATH; {name}.c cannot be compiled.");
        return "";
    }
}
