using System.Diagnostics;

namespace Roost.Benchmarks;

/// <summary>This program again, in a process of its own with a verb that is meant for it. It lives no longer than its standard input.</summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Process process;

    private Child(Process process) => this.process = process;

    public static Child Start(params string[] arguments) => Start(new Dictionary<string, string>(), arguments);

    /// <param name="environment">Variables it has besides those of this process.</param>
    /// <param name="arguments">Its verb, and what belongs to that.</param>
    public static Child Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(Child).Assembly.Location);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    public void Tell(string line) => process.StandardInput.WriteLine(line);

    /// <summary>The words of its next line that begins with this one, the lines before it passed over.</summary>
    public async Task<string[]> ReadAsync(string first)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            string line = await process.StandardOutput.ReadLineAsync(patience.Token)
                ?? throw new InvalidOperationException($"A child process ended before it said \"{first}\".");
            string[] words = line.Split(' ');
            if (words[0] == first) return words;
        }
    }

    /// <summary>Ends with the process.</summary>
    public Task Ended => process.WaitForExitAsync();

    /// <summary>SIGKILL, or what the operating system has for it; does not wait for the end.</summary>
    public void Kill() => process.Kill();

    /// <summary>Closes its input and waits for its end.</summary>
    public async Task StopAsync()
    {
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"A child process ended with exit code {process.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>What a child calls to learn that it is to end: cancelled once its input is closed, by its parent's death, too.</summary>
    public static CancellationToken Stopped()
    {
        var stop = new CancellationTokenSource();
        new Thread(() =>
        {
            while (Console.In.Read() >= 0) { }
            stop.Cancel();
        })
        { IsBackground = true }.Start();
        return stop.Token;
    }
}
