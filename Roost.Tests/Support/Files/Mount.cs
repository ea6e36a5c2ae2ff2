using System.Diagnostics;

namespace Roost.Tests.Support;

/// <summary>A file system of a test's own over a folder; only root may mount, so elsewhere the test is skipped.</summary>
internal sealed class Mount : IAsyncDisposable
{
    private readonly string folder;

    private Mount(string folder) => this.folder = folder;

    public static Task<Mount> SmallAsync(string folder, string size) => MakeAsync(folder, [["-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder]]);

    public static Task<Mount> ReadOnlyAsync(string folder) => MakeAsync(folder, [["--bind", folder, folder], ["-o", "remount,bind,ro", folder]]);

    /// <summary>Gives a small file system more space.</summary>
    public async Task ResizeAsync(string size) => (await RunAsync("mount", ["-o", $"remount,size={size}", folder])).Should().BeTrue();

    public async ValueTask DisposeAsync() => await RunAsync("umount", ["-l", folder]);

    private static async Task<Mount> MakeAsync(string folder, string[][] steps)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess) Assert.Ignore("Mounting a file system for this test takes root on Linux.");
        foreach (string[] arguments in steps)
            if (!await RunAsync("mount", arguments)) Assert.Ignore("A file system cannot be mounted here.");
        return new(folder);
    }

    private static async Task<bool> RunAsync(string program, string[] arguments)
    {
        using Process run = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await run.StandardError.ReadToEndAsync();
        await run.WaitForExitAsync();
        return run.ExitCode == 0;
    }
}
