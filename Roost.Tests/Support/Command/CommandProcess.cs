using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Roost.Tests.Support;

/// <summary>How a run of the command ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Output);

    /// <summary>The only word of the output.</summary>
    public string Word => Output.Trim();

    public CommandResult Ends(int exitCode)
    {
        ExitCode.Should().Be(exitCode, "stdout was \"{0}\" and stderr \"{1}\"", Output, Error);
        return this;
    }
}

/// <summary>The roost command as a user starts it: a real process in a folder of the test.</summary>
internal sealed class CommandProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly string[] Variables =
    [
        "ROOST_DB",
        "ROOST_NAMESPACE",
        "ROOST_ROOT",
        "ROOST_CONFIG",
        "ROOST_WORKSPACE_ROOT",
        "ROOST_WORKSPACE_MODE",
        "ROOST_REPOSITORY",
        "ROOST_BASE_REVISION",
    ];

    /// <summary>The command as it is built, beside the tests.</summary>
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Roost.Cli.dll");

    private readonly Process process;
    private readonly Task<string> error;

    private CommandProcess(Process process)
    {
        this.process = process;
        error = process.StandardError.ReadToEndAsync();
    }

    public static CommandProcess Start(TemporaryFolder folder, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Start(folder, environment, Programs.Run(Program, arguments));

    /// <summary>Started as nohup does: a signal is ignored from the beginning.</summary>
    public static CommandProcess StartIgnoring(string signal, TemporaryFolder folder, params string[] arguments)
    {
        ProcessStartInfo start = Programs.Run(Program, arguments);
        string[] command = [start.FileName, .. start.ArgumentList];
        start.FileName = "/bin/sh";
        start.ArgumentList.Clear();
        foreach (string word in (string[])["-c", $"trap '' {signal}; exec \"$@\"", "sh", .. command]) start.ArgumentList.Add(word);
        return Start(folder, new Dictionary<string, string>(), start);
    }

    private static CommandProcess Start(TemporaryFolder folder, IReadOnlyDictionary<string, string> environment, ProcessStartInfo start)
    {
        start.WorkingDirectory = folder.Root;
        foreach (string variable in Variables) start.Environment.Remove(variable);
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>The next line of stdout.</summary>
    public async Task<string?> ReadLineAsync() => await process.StandardOutput.ReadLineAsync().WaitAsync(Patience);

    /// <summary>Nobody reads its stdout any more, as behind <c>| head</c>.</summary>
    public void CloseOutput() => process.StandardOutput.Close();

    /// <summary>What it has said on stderr, once it has ended.</summary>
    public Task<string> ErrorAsync() => error.WaitAsync(Patience);

    /// <summary>Its exit code, with what it has written left where it is.</summary>
    public async Task<int> ExitedAsync()
    {
        await process.WaitForExitAsync().WaitAsync(Patience);
        return process.ExitCode;
    }

    public Task SignalAsync(string name) => process.SignalAsync(name);

    public Task<CommandResult> EndAsync(string input = "") => EndAsync(Encoding.UTF8.GetBytes(input));

    public async Task<CommandResult> EndAsync(byte[] input)
    {
        await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return new(process.ExitCode, output, await error);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }
}

/// <summary>The command in one folder.</summary>
internal sealed class CommandFolder : IDisposable
{
    private static readonly Dictionary<string, string> NoVariables = [];

    public TemporaryFolder Folder { get; } = new();

    public string Database => Folder["roost.db"];

    public Task<CommandResult> RunAsync(params string[] arguments) => RunWithAsync(NoVariables, "", arguments);

    public async Task<CommandResult> RunWithAsync(IReadOnlyDictionary<string, string> environment, string input, params string[] arguments)
    {
        await using var command = CommandProcess.Start(Folder, environment, arguments);
        return await command.EndAsync(input);
    }

    public CommandProcess Start(params string[] arguments) => CommandProcess.Start(Folder, NoVariables, arguments);

    public CommandProcess StartIgnoring(string signal, params string[] arguments) => CommandProcess.StartIgnoring(signal, Folder, arguments);

    public async Task<string> EnqueueAsync(params string[] more) => (await RunAsync(["enqueue", "--engine", "demo", .. more])).Ends(0).Word;

    /// <summary>Runs what is ready until nothing is.</summary>
    public async Task<CommandResult> WorkAsync(params string[] more) => (await RunAsync(["worker", "--until-idle", .. more])).Ends(0);

    public void Dispose() => Folder.Dispose();
}
