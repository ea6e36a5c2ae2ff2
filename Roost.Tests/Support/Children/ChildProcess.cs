using System.Diagnostics;
using System.Text;

namespace Roost.Tests.Support;

/// <summary>This assembly as a process of its own. Its complete lines are kept; killed and drained on dispose.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>
    /// What makes a process that lives for half a second start sooner: no second compilation of what has run often, no thread for collecting garbage.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string> Brief = new Dictionary<string, string>
    {
        ["DOTNET_TC_CallCounting"] = "0",
        ["DOTNET_gcConcurrent"] = "0",
    };

    private const int MostErrors = 200_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly Task reading, readingErrors;
    private readonly List<string> lines = [];
    private readonly StringBuilder errors = new();
    private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool ended;

    private ChildProcess(Process process)
    {
        this.process = process;
        reading = ReadAsync();
        readingErrors = ReadErrorsAsync();
    }

    /// <summary>What it has written to its error stream so far: of much the beginning, which tells the cause.</summary>
    public string Errors
    {
        get
        {
            lock (errors) return errors.Length <= MostErrors ? errors.ToString() : $"{errors.ToString(0, MostErrors)}... ({errors.Length:N0} letters)";
        }
    }

    public int Id => process.Id;

    /// <summary>The complete lines so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (lines) return [.. lines];
        }
    }

    public static ChildProcess Start(params string[] arguments) => StartWith(new Dictionary<string, string>(), arguments);

    public static ChildProcess StartWith(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = Programs.Run(typeof(ChildProcess).Assembly.Location, arguments);
        start.Environment["DOTNET_TieredPGO"] = "0";
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>The same as another user, by number; only root may.</summary>
    public static ChildProcess StartAs(string user, params string[] arguments)
    {
        ProcessStartInfo own = Programs.Run(typeof(ChildProcess).Assembly.Location, arguments);
        var start = new ProcessStartInfo("setpriv", [$"--reuid={user}", $"--regid={user}", "--clear-groups", own.FileName, .. own.ArgumentList])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new(Process.Start(start)!);
    }

    /// <summary>SIGKILL, and everything that was in the pipe.</summary>
    public async Task<IReadOnlyList<string>> KillAsync()
    {
        process.Kill();
        return await EndAsync();
    }

    /// <summary>Closes its input and waits until it has ended.</summary>
    public async Task<IReadOnlyList<string>> StopAsync()
    {
        CloseInput();
        return await EndAsync();
    }

    /// <summary>Writes one line to its input.</summary>
    public async Task TellAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
    }

    public void CloseInput() => process.StandardInput.Close();

    /// <summary>Waits until it has ended by itself or by a kill.</summary>
    public Task<IReadOnlyList<string>> EndAsync() => EndAsync(Patience);

    /// <inheritdoc cref="EndAsync()"/>
    public async Task<IReadOnlyList<string>> EndAsync(TimeSpan patience)
    {
        try
        {
            await process.WaitForExitAsync().WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            throw TooLate("its end");
        }
        await reading.WaitAsync(Patience);
        await readingErrors.WaitAsync(Patience);
        return Lines;
    }

    public int ExitCode => process.ExitCode;

    /// <summary>Waits for a line that begins so.</summary>
    public Task<string> WaitForAsync(string beginning) =>
        WaitUntilAsync($"a line \"{beginning}\"", () => lines.Find(line => line.StartsWith(beginning, StringComparison.Ordinal)));

    /// <summary>Waits for a line that begins in one of two ways.</summary>
    public Task<string> WaitForAsync(string beginning, string or) =>
        WaitUntilAsync($"a line \"{beginning}\" or \"{or}\"", () =>
            lines.Find(line => line.StartsWith(beginning, StringComparison.Ordinal) || line.StartsWith(or, StringComparison.Ordinal))
        );

    /// <summary>Waits for so many lines, or for one that says that no more need come.</summary>
    public Task WaitForLinesAsync(int count, string or) =>
        WaitUntilAsync($"{count} lines or \"{or}\"", () => lines.Count >= count || lines.Contains(or) ? "" : null);

    private async Task<string> WaitUntilAsync(string what, Func<string?> find)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            Task next;
            lock (lines)
            {
                if (find() is { } found) return found;
                if (ended) throw new InvalidOperationException($"The child ended without {what}: {Errors}");
                next = more.Task;
            }
            TimeSpan left = Patience - Stopwatch.GetElapsedTime(since);
            if (left <= TimeSpan.Zero || await Task.WhenAny(next, Task.Delay(left)) != next)
                throw TooLate(what);
        }
    }

    /// <summary>Sends a signal by name, such as STOP.</summary>
    public Task SignalAsync(string name) => process.SignalAsync(name);

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill();
        await EndAsync();
        process.Dispose();
    }

    private TimeoutException TooLate(string what) => new($"The child ({process.Id}) did not come to {what}. It said {string.Join(" | ", Lines)}, and {Errors}");

    private async Task ReadErrorsAsync()
    {
        char[] letters = new char[4096];
        for (int n; (n = await process.StandardError.ReadAsync(letters)) > 0;)
            lock (errors) errors.Append(letters, 0, n);
    }

    private async Task ReadAsync()
    {
        var torn = new StringBuilder();
        byte[] buffer = new byte[8192];
        char[] letters = new char[buffer.Length];
        Decoder decoder = Encoding.UTF8.GetDecoder(); // A letter may come in two parts.
        Stream output = process.StandardOutput.BaseStream;
        for (int n; (n = await output.ReadAsync(buffer)) > 0;)
        {
            torn.Append(letters, 0, decoder.GetChars(buffer, 0, n, letters, 0));
            string text = torn.ToString();
            int end = text.LastIndexOf('\n') + 1;
            Add(text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries), last: false);
            torn.Clear().Append(text, end, text.Length - end);
        }
        Add([], last: true);
    }

    private void Add(string[] complete, bool last)
    {
        TaskCompletionSource told;
        lock (lines)
        {
            lines.AddRange(complete);
            ended = last;
            told = more;
            more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        told.SetResult();
    }
}
