using System.Diagnostics;

namespace Roost.Samples.Takeover;

/// <summary>A worker in a process of its own: this program again, with a hidden command.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    public const string Command = "worker";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Process process;

    private WorkerProcess(Process process)
    {
        this.process = process;
        Ended = process.WaitForExitAsync(CancellationToken.None);
    }

    public int ProcessId => process.Id;

    /// <summary>Ends with the process, for whatever reason that ends.</summary>
    public Task Ended { get; }

    public int ExitCode => process.ExitCode;

    public static WorkerProcess Start(string file)
    {
        // Standard input is the tie to this process: it ends when we do, however we end.
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(WorkerProcess).Assembly.Location);
        start.Environment["no_proxy"] = $"{Environment.GetEnvironmentVariable("no_proxy") ?? Environment.GetEnvironmentVariable("NO_PROXY")},127.0.0.1";
        start.ArgumentList.Add(Command);
        start.ArgumentList.Add(file);
        return new(Process.Start(start)!);
    }

    /// <summary>What runs in the child: the loop, until its parent says so or is gone.</summary>
    public static async Task ServeAsync(string file, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _ = Task.Run(() =>
        {
            while (Console.In.Read() >= 0) { }
            stop.Cancel();
        }, CancellationToken.None);
        await using var roost = new RoostRuntime(new RoostOptions { Path = file, DrainTime = TimeSpan.Zero });
        await roost.AddEngines(typeof(WorkerProcess).Assembly).RunAsync(stop.Token);
    }

    /// <summary>SIGKILL, or what the operating system has for it: nothing of the process runs any more.</summary>
    public async Task KillAsync()
    {
        process.Kill(entireProcessTree: true);
        await Ended;
    }

    /// <summary>Lets the worker stop cleanly, and kills it where it does not.</summary>
    public async Task StopAsync()
    {
        process.StandardInput.Close();
        await Task.WhenAny(Ended, Task.Delay(Patience));
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) await KillAsync();
        process.Dispose();
    }
}
