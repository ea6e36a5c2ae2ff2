using System.Diagnostics;
using System.Reflection;

namespace Roost.Benchmarks;

/// <summary>This program as a process of its own: <c>child part arguments</c>. Parent and child talk in lines.</summary>
internal sealed class BenchmarkProcess : IDisposable
{
    public const string Verb = "child";

    private readonly Process process;

    private BenchmarkProcess(Process process) => this.process = process;

    public static async Task<int> MainAsync(string[] args)
    {
        await (args[0] switch
        {
            ProcessesBenchmark.Part => ProcessesBenchmark.ChildAsync(args[1]),
            _ => throw new ArgumentException($"There is no part {args[0]}."),
        });
        return 0;
    }

    public static BenchmarkProcess Start(IReadOnlyDictionary<string, string> environment, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        foreach (string argument in (string[])[Verb, .. args]) start.ArgumentList.Add(argument);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    public void Tell(string line) => process.StandardInput.WriteLine(line);

    /// <summary>Its next line.</summary>
    public async Task<string> HearAsync() => await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("A child of the benchmark ended before its time.");

    public void Dispose()
    {
        if (!process.WaitForExit(TimeSpan.FromSeconds(10))) process.Kill();
        process.Dispose();
    }
}
