using System.CommandLine;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands;

/// <summary>What an invocation of a verb shows.</summary>
/// <param name="Json">The same as data, made for --json alone: that costs more than all the rest.</param>
/// <param name="Show">For people.</param>
internal sealed record Answer(Func<object> Json, Action<Printer> Show)
{
    public Answer(object json, Action<Printer> show) : this(() => json, show) { }
}

/// <summary>One invocation of a verb: its options, its data file and its output.</summary>
internal sealed class Call
{
    private readonly ParseResult parsed;
    private CancellationToken? reading;
    private volatile bool isUnread;

    public Call(ParseResult parsed, CancellationToken stop)
    {
        this.parsed = parsed;
        Stop = stop;
        string[]? keys = parsed.GetCommon(CommonOptions.SecretKeys);
        SecretKeys = keys is { Length: > 0 } ? [.. Lists.Split(keys)] : AspNetCore.Output.SecretKeys.Usual;
        Print = new Printer(Console.Out, new Masking(new(SecretKeys, IsRevealed)));
    }

    /// <summary>Cancelled by the first Ctrl-C.</summary>
    public CancellationToken Stop { get; }

    /// <summary>
    /// Cancelled by the first Ctrl-C, and once nobody reads the output any more (<c>| head</c>): for what would go on without an end only to print.
    /// </summary>
    public CancellationToken Reading
    {
        get
        {
            if (reading is { } known) return known;
            CancellationTokenSource source = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            OutputReader.WhenGone(() =>
            {
                isUnread = true;
                source.Cancel();
            });
            reading = source.Token;
            return source.Token;
        }
    }

    /// <summary>Nobody reads the output any more.</summary>
    public bool IsUnread => isUnread;

    public Printer Print { get; }

    /// <summary>The keys whose values are masked.</summary>
    public IReadOnlyList<string> SecretKeys { get; }

    public bool IsRevealed => parsed.GetCommon(CommonOptions.Reveal);

    public bool IsJson => parsed.GetCommon(CommonOptions.Json);

    public string? Reason => parsed.GetCommon(CommonOptions.Reason);

    public bool IsSure => parsed.GetCommon(CommonOptions.Yes);

    /// <summary>
    /// What was done and is durable, in words; null before. From there on nothing changes the exit code, neither a reading back that fails nor an
    /// output that cannot be written: whoever sees an error does it again, and then there are two.
    /// </summary>
    public string? Done { get; set; }

    public DatabaseOption Database => field ??= DatabaseOption.Of(parsed);

    public Action<RoostRuntime> AddEngines => ((Root)parsed.RootCommandResult.Command).AddEngines;

    /// <summary>Asks a person, who may also stop the verb instead.</summary>
    public bool Ask(string text)
    {
        using (Print.Output.Blocking()) return Question.Ask(text);
    }

    public T? Get<T>(Option<T> option) => parsed.GetValue(option);

    public T Get<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    public bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>For every verb but those that begin something: a mistyped path is no new file.</summary>
    public RoostRuntime Open(RoostOptions? options = null)
    {
        string path = Database.Path;
        if (!File.Exists(path) && !Directory.Exists(path))
            throw new NotFoundException($"There is no database {path}. Name one by --db or ROOST_DB; \"roost enqueue\" and \"roost worker\" create it.");
        if (new FileInfo(path) is { Exists: true, Length: 0 })
            throw new NotFoundException(
                $"{path} is empty; there is no database in it. Restore a backup where there was one; \"roost enqueue\" and \"roost worker\" make a new " +
                $"one of it."
            );
        return new RoostRuntime((options ?? new()) with { Path = path });
    }

    /// <summary>Opens, looks for the item, and does something with it.</summary>
    public async Task<int> WithItemAsync(Argument<string> id, Func<RoostRuntime, string, Task<int>> action)
    {
        await using RoostRuntime roost = Open();
        return await action(roost, await IdResolver.FindAsync(roost, Get(id), Stop));
    }

    /// <summary>Shows once, or with --watch again at every change.</summary>
    public async Task<int> ShowAsync(Func<Task<Answer>> read)
    {
        if (parsed.FindCommon(CommonOptions.Watch) is not { } watch || !IsGiven(watch))
        {
            Show(Print, await read(), indented: true);
            return ExitCodes.Ok;
        }
        TimeSpan every = Durations.Optional("--watch", Get(watch)) ?? TimeSpan.FromSeconds(1);
        if (every < TimeSpan.FromMilliseconds(100) || every > TimeSpan.FromHours(1)) throw new UsageException($"--watch is {Get(watch)}; give 100ms to 1h.");
        string? before = null;
        while (true)
        {
            Answer answer = await read();
            if (Print.IsTerminal && !IsJson) Print.Clear();
            if (Print.IsTerminal && !IsJson) answer.Show(Print);
            else before = ShowChange(answer, before);
            await Task.Delay(every, Reading);
        }
    }

    private string ShowChange(Answer answer, string? before)
    {
        using var text = new StringWriter();
        Show(Print.To(text), answer, indented: false);
        string now = text.ToString();
        if (now != before) Print.Raw(before is null || IsJson ? now : $"\n{now}");
        return now;
    }

    private void Show(Printer print, Answer answer, bool indented)
    {
        if (IsJson) print.Json(answer.Json(), indented);
        else answer.Show(print);
    }
}
