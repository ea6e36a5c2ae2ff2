using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Roost.Workspaces;

/// <summary>Runs git as a child process: an argument list, never a shell; no prompts, hooks or background work; bounded output.</summary>
internal static class Git
{
    private const int KeptCharacters = 16 * 1024;
    private const int ReasonLines = 5;

    // Variables that git sets for its hooks; inherited, they would turn our commands to the repository that Roost was started from.
    private static readonly string[] RepositoryVariables =
    [
        "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_IMPLICIT_WORK_TREE", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_QUARANTINE_PATH",
    ];

    // The repository's hooks and daemons are for its people; a daemon would also hold our pipes open.
    private static readonly string[] Quiet =
        ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false"];

    /// <summary>How a command ended: its exit code and the last part of each output.</summary>
    internal sealed record Result(int ExitCode, string Output, string Error)
    {
        public bool Succeeded => ExitCode == 0;

        /// <summary>The last lines that git wrote to its error output, for messages.</summary>
        public string Reason
        {
            get
            {
                string[] lines = Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                return lines.Length == 0 ? $"exit code {ExitCode}" : string.Join(" | ", lines.TakeLast(ReasonLines));
            }
        }
    }

    /// <summary>Runs one command in a folder. Cancellation kills git and its children and returns only when git is gone.</summary>
    public static async Task<Result> RunAsync(string folder, string[] arguments, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using Process process = Process.Start(Describe(folder, arguments))
            ?? throw new RoostException("git did not start; run 'git --version' to see why.");
        process.StandardInput.Close();
        Task<string> output = ReadTailAsync(process.StandardOutput);
        Task<string> error = ReadTailAsync(process.StandardError);
        try
        {
            await Task.WhenAll(output, error, process.WaitForExitAsync(CancellationToken.None)).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Kill(process);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        return new Result(process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
    }

    /// <summary>
    /// Finds git in a list of folders, given as in PATH. <see cref="Process"/> alone would try the current folder first, which may be an agent's.
    /// </summary>
    public static string Locate(string? searchPath)
    {
        string file = OperatingSystem.IsWindows() ? "git.exe" : "git";
        foreach (string folder in (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            if (Path.IsPathFullyQualified(folder) && File.Exists(Path.Combine(folder, file)))
                return Path.Combine(folder, file);
        }

        throw new InvalidInputException(
            "Workspaces.Repository",
            "needs git, which is not on the PATH; install git 2.30 or later, or leave workspaces.repository out for plain folders."
        );
    }

    private static ProcessStartInfo Describe(string folder, string[] arguments)
    {
        var start = new ProcessStartInfo(Locate(Environment.GetEnvironmentVariable("PATH")))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            CreateNoWindow = true,
        };
        foreach (string argument in (string[])["-C", folder, .. Quiet, .. arguments])
            start.ArgumentList.Add(argument);
        foreach (string variable in RepositoryVariables)
            start.Environment.Remove(variable);
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    private static async Task<string> ReadTailAsync(StreamReader reader)
    {
        var tail = new StringBuilder();
        char[] buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false)) > 0)
        {
            tail.Append(buffer, 0, count);
            if (tail.Length > KeptCharacters)
                tail.Remove(0, tail.Length - KeptCharacters);
        }

        return tail.ToString();
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It, or one of its children, ended between the cancellation and the kill.
        }
    }
}
