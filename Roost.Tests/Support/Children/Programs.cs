using System.Diagnostics;
using System.Globalization;

namespace Roost.Tests.Support;

/// <summary>Programs that tests run as processes of their own.</summary>
internal static class Programs
{
    /// <summary>An assembly under the dotnet that runs the tests, with its input and output in the hands of the test.</summary>
    public static ProcessStartInfo Run(string assembly, params string[] arguments)
    {
        string? self = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath : null;
        return new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? self ?? "dotnet", ["exec", assembly, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    public static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Sends a signal by name, such as STOP.</summary>
    public static async Task SignalAsync(this Process process, string name)
    {
        using Process kill = Process.Start("kill", [$"-{name}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        kill.ExitCode.Should().Be(0);
    }
}
