using System.Diagnostics;
using System.Text;

namespace Roost.Tests.Support;

/// <summary>A shell command under a pseudo terminal, by script(1) of util-linux; tests that need it are skipped where it is missing.</summary>
internal sealed class Terminal : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Process process;
    private readonly StringBuilder seen = new();
    private readonly Task reading;
    private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Terminal(Process process)
    {
        this.process = process;
        reading = ReadAsync();
    }

    /// <summary>All that was written to the terminal so far.</summary>
    public string Seen
    {
        get
        {
            lock (seen) return seen.ToString();
        }
    }

    public static void IgnoreWhereMissing(params string[] programs)
    {
        foreach (string program in (string[])["script", .. programs])
            if (!Has(program)) Assert.Ignore($"{program} is not installed.");
    }

    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Join(folder, program)));

    /// <summary>Runs it by sh, with the command in the path as "roost".</summary>
    public static Terminal Start(TemporaryFolder folder, string command, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("script", ["-qefc", command, "/dev/null"])
        {
            WorkingDirectory = folder.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{InPath(folder)}:{start.Environment["PATH"]}";
        start.Environment["TERM"] = "xterm";
        start.Environment["SHELL"] = "/bin/sh";
        start.Environment["HOME"] = folder.Root;
        start.Environment.Remove("NO_COLOR");
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>A folder with a program "roost" in it.</summary>
    public static string InPath(TemporaryFolder folder)
    {
        string bin = Directory.CreateDirectory(folder["bin"]).FullName,
            program = Path.Combine(bin, "roost");
        File.WriteAllText(
            program,
            $"#!/bin/sh\nexec \"{Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet"}\" exec \"{CommandProcess.Program}\" " +
            $"\"$@\"\n"
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return bin;
    }

    public async Task TypeAsync(string keys)
    {
        await process.StandardInput.WriteAsync(keys);
        await process.StandardInput.FlushAsync();
    }

    public async Task WaitForAsync(string text)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            Task next;
            lock (seen)
            {
                if (seen.ToString().Contains(text, StringComparison.Ordinal)) return;
                next = more.Task;
            }
            if (reading.IsCompleted || Stopwatch.GetElapsedTime(since) > Patience) throw new InvalidOperationException($"There was no \"{text}\" in: {Seen}");
            await Task.WhenAny(next, reading).WaitAsync(Patience);
        }
    }

    public async Task<int> EndAsync()
    {
        await reading.WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private async Task ReadAsync()
    {
        char[] buffer = new char[4096];
        for (int n; (n = await process.StandardOutput.ReadAsync(buffer)) > 0;)
        {
            TaskCompletionSource told;
            lock (seen)
            {
                seen.Append(buffer, 0, n);
                (told, more) = (more, new(TaskCreationOptions.RunContinuationsAsynchronously));
            }
            told.SetResult();
        }
    }
}
