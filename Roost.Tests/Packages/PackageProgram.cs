using System.Diagnostics;
using Roost.Tests.Support;

namespace Roost.Tests.Packages;

/// <summary>A program that makes packages or takes them, in a folder with a cache of its own.</summary>
internal static class PackageProgram
{
    public static async Task<CommandResult> RunAsync(
        TemporaryFolder folder,
        TimeSpan patience,
        Dictionary<string, string> environment,
        string program,
        string[] arguments
    )
    {
        var start = new ProcessStartInfo(program == "dotnet" ? Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? program : program, arguments)
        {
            WorkingDirectory = folder.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NUGET_PACKAGES"] = folder["cache"]; // A package of the same version from an earlier run must not answer.
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = start.Environment["DOTNET_NOLOGO"] = "1";
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(patience);
        await process.WaitForExitAsync().WaitAsync(patience);
        return new(process.ExitCode, output, await error);
    }
}
