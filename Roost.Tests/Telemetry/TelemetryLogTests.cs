using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Every line that is logged has an id of its own and, within a step, says which.</summary>
[TestFixture, NonParallelizable]
internal sealed class TelemetryLogTests
{
    private static readonly LoggerMessageAttribute[] Messages = [.. Methods().Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()!)];

    private sealed class ScopedLog(LogLevel least) : TestLog, ILogger
    {
        private static readonly AsyncLocal<object?> Current = new();

        public List<(int Id, string? Name, object? Scope)> Lines { get; } = [];

        public int Scopes { get; private set; }

        public override bool IsEnabled(LogLevel logLevel) => logLevel >= least;

        IDisposable? ILogger.BeginScope<TState>(TState state)
        {
            Scopes++;
            object? before = Current.Value;
            Current.Value = state;
            return new Restored(before);
        }

        public override void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Lines) Lines.Add((eventId.Id, eventId.Name, Current.Value));
        }

        private sealed class Restored(object? before) : IDisposable
        {
            public void Dispose() => Current.Value = before;
        }
    }

    [Test]
    public void Each_id_is_given_once() => Messages.Select(message => message.EventId).Should().OnlyHaveUniqueItems().And.HaveCountGreaterThan(40);

    [Test]
    public void The_lines_are_those_that_the_page_lists()
    {
        IEnumerable<string> made = Methods().Zip(Messages, (method, message) =>
            $"| {message.EventId} | {message.Level} | `{method.Name}` | {message.Message} |");
        string[] listed = [.. TelemetryPage.RowsBelow("| id | level |")];

        listed.Should().BeEquivalentTo(made);
    }

    [Test]
    public void Nothing_of_the_library_logs_a_line_that_has_no_id()
    {
        string[] files = Directory.GetFiles(SourceTree.PathOf("Roost"), "*.cs", SearchOption.AllDirectories);
        foreach (string file in files.Where(file => Path.GetFileName(file) != "ForgivingLog.cs" && !file.Contains($"{Path.DirectorySeparatorChar}obj")))
            Regex.IsMatch(File.ReadAllText(file), @"\.Log(Trace|Debug|Information|Warning|Error|Critical)?\(", RegexOptions.NonBacktracking)
                .Should().BeFalse(file);
    }

    [Test]
    public async Task What_the_engine_logs_within_a_step_says_which_step_that_is_and_so_does_Roost()
    {
        var log = new ScopedLog(LogLevel.Information);
        var options = new RoostOptions { LoggerFactory = log, RetryBaseDelay = TimeSpan.FromMilliseconds(1), RetryMaxDelay = TimeSpan.FromMilliseconds(1) };
        int tries = 0;
        await using RoostRuntime roost = TestRuntime.Create(options, null, ScriptedEngine.From((state, _) =>
        {
            ((ILogger)log).Log(LogLevel.Information, new EventId(7), "of the engine", null, (text, _) => text);
            return ++tries == 1 ? throw new InvalidOperationException("once") : ScriptedEngine.Finish(state);
        }));
        await roost.EnqueueAsync(new WorkItem("scripted") { Id = "it" });
        await roost.RunUntilDoneAsync("it").Soon();

        string[] scopes = [.. log.Lines.Where(line => line.Id is 7 or 300).Select(line => $"{line.Id}: {line.Scope}")];
        scopes.Should().Equal(
            "7: WorkId:it Engine:scripted Version:1 Attempt:1", "300: WorkId:it Engine:scripted Version:1 Attempt:1",
            "7: WorkId:it Engine:scripted Version:1 Attempt:2");
        var pairs = (IReadOnlyList<KeyValuePair<string, object?>>)log.Lines.First(line => line.Id == 7).Scope!;
        pairs.Should().Equal(new("WorkId", "it"), new("Engine", "scripted"), new("Version", 1), new("Attempt", 1));
        log.Lines.Where(line => line.Id != 7).Should().OnlyContain(line => Messages.Any(message => message.EventId == line.Id));
        log.Lines.Where(line => line.Id is >= 200 and < 300).Should().OnlyContain(line => line.Scope == null, "that is no step's");
    }

    [Test]
    public async Task A_log_that_is_off_gets_neither_lines_nor_scopes()
    {
        var log = new ScopedLog(LogLevel.None);
        await using RoostRuntime roost = TestRuntime.Create(new RoostOptions { LoggerFactory = log }, null, ScriptedEngine.CountingTo(3));
        await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("scripted"))).Soon();

        (log.Lines.Count, log.Scopes).Should().Be((0, 0));
    }

    private static IEnumerable<MethodInfo> Methods() => typeof(LogMessages).GetMethods(BindingFlags.Public | BindingFlags.Static)
        .Where(method => method.GetCustomAttribute<LoggerMessageAttribute>() is not null);
}
