using System.Diagnostics;
using Roost.Samples.Demo;

namespace Roost.Tests.Support;

/// <summary>The samples as a user starts them: a real process, with its temporary files in a folder of the test.</summary>
internal static class SampleProcess
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>The samples' own build: the copy beside the tests lacks what their own framework reference brings.</summary>
    private static readonly string Program = typeof(DemoEngine).Assembly.Location.Replace("Roost.Tests", "Roost.Samples", StringComparison.Ordinal);

    public static Process Start(TemporaryFolder folder, params string[] arguments) => Process.Start(Prepare(folder, arguments))!;

    public static ProcessStartInfo Prepare(TemporaryFolder folder, params string[] arguments)
    {
        ProcessStartInfo start = Programs.Run(Program, arguments);
        start.WorkingDirectory = folder.Root;
        start.Environment["TMPDIR"] = folder.Root;
        return start;
    }

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(TemporaryFolder folder, params string[] arguments)
    {
        using Process process = Start(folder, arguments);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            await Task.WhenAll(output, error, process.WaitForExitAsync()).WaitAsync(Patience);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
