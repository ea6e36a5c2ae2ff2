using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Roost.Samples.Agent;
using Roost.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The agent with tools: as a newcomer runs it, killed twice, and its engine and its account alone.</summary>
[TestFixture]
internal sealed class AgentSampleTests : FolderFixture
{
    private static readonly Transcript Asked = new("http://outside/", [new(Role.User, "Go")]);

    [Test]
    public async Task Killed_within_a_call_and_while_it_asks_it_ends_with_an_account_that_the_file_confirms()
    {
        string file = folder["agent.db"];

        (int exitCode, string output, string error) = await SampleProcess.RunAsync(folder, "agent", file);

        exitCode.Should().Be(0, error);
        output.Should().Contain("Worker 1 is killed with SIGKILL within hold_seat. Recorded in the file: model, find_flight.")
            .And.Contain("Worker 2 is killed with SIGKILL while the item waits for a person.")
            .And.Contain("The item is done at version 5.").And.Contain("# Book a weekend in Lisbon").And.Contain($"--effects --db {file}");
        await using var roost = new RoostRuntime(file);
        string id = (await roost.ListAsync()).Items.Single().Id;
        IReadOnlyList<EffectInfo> effects = (await roost.ListEffectsAsync(id)).Items;
        RowsOf(output).Should().Equal(effects.Select(effect => (effect.Version, effect.Path, effect.Key, effect.Path == "hold_seat" ? 2 : 1, 1, "recorded")));
        effects.Select(effect => effect.Path).Should().Equal("model", "find_flight", "hold_seat", "hold_room", "model", "pay", "model");
        output.Should().Contain("Recorded   2 calls before kill 1, 5 calls before kill 2: none of them was made again")
            .And.Contain("Repeated   hold_seat, under its own key: received 2 times, counted 1");
        string[] kinds = [.. (await roost.ListEventsAsync(id)).Items.Select(one => one.Kind)];
        kinds.Count(kind => kind == EventKinds.Interrupted).Should().Be(1, "one kill hit a step, and one an item that waited");
        (await roost.ListAsksAsync(new() { WorkId = id })).Items.Single().Answer!.By.Should().Be("the demonstration");
        Transcript last = (await roost.GetSnapshotAsync(id)).DataAs<Transcript>();
        last.Messages.Select(message => message.Text).Should().Contain(effects.Where(effect => effect.Path != "model").Select(Result));
    }

    [Test]
    public async Task Without_a_file_it_leaves_none_behind()
    {
        (int exitCode, string output, string error) = await SampleProcess.RunAsync(folder, "agent");

        exitCode.Should().Be(0, error);
        output.Should().Contain("dotnet run --project Roost.Samples -- agent agent.db");
        Directory.EnumerateFileSystemEntries(folder.Root, "roost-*").Should().BeEmpty();
    }

    [Test, Platform("Linux,MacOsX")]
    public async Task Interrupted_it_ends_and_leaves_none_behind()
    {
        using Process process = SampleProcess.Start(folder, "agent");
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(SampleProcess.Patience) is { } line)
            if (line.StartsWith("Worker 1 is started", StringComparison.Ordinal)) break;

        using Process interrupt = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync().WaitAsync(SampleProcess.Patience);

        process.ExitCode.Should().Be(130);
        Directory.EnumerateFileSystemEntries(folder.Root, "roost-*").Should().BeEmpty();
    }

    [TestCase(true, "The trip is booked and paid.")]
    [TestCase(false, "Nothing is paid")]
    [TestCase(null, "Nothing is paid")]
    public async Task The_engine_stands_a_crash_around_each_call_and_pays_only_where_it_may(bool? allowed, string last)
    {
        await using var service = new OutsideService();
        using var http = new HttpClient(new StepKeyHandler(new SocketsHttpHandler { UseProxy = false }));

        VerificationReport verified = await EngineVerifier.VerifyAsync(
            () => new AgentEngine(http),
            new WorkItem("agent", new Errand("Book a weekend in Lisbon", service.Url)),
            new() { Answer = _ => allowed is { } yes ? new Consent(yes) : null });

        verified.Item!.State.Should().Be(WorkState.Done);
        verified.CrashesAroundEffects.Should().BePositive();
        service.Journal.Last(call => call.Name == "model").Answer.Should().Contain(last);
        service.Journal.Count(call => call is { Name: "hold_seat", IsCounted: true }).Should().Be(1);
        service.Journal.Count(call => call is { Name: "pay", IsCounted: true }).Should().Be(allowed == true ? 1 : 0);
    }

    [Test]
    public async Task A_model_that_wants_to_pay_makes_the_step_ask_and_nothing_is_called_before_the_answer()
    {
        await using var service = new OutsideService();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var engine = new AgentEngine(http);

        StepResult<Transcript> tools = await engine.StepAsync(Asked with { Service = service.Url });
        StepResult<Transcript> asked = await engine.StepAsync(tools.State!, new() { Version = 2 });
        StepResult<Transcript> refused = await engine.StepAsync(
            asked.State!, new() { Version = 3, Wake = Woken.ByAnswer(new Consent(false, "too dear"), by: "ann") });

        tools.Effects.Select(effect => effect.Path).Should().Equal("model", "find_flight", "hold_seat", "hold_room");
        (asked.Kind, asked.Effects.Count).Should().Be((OutcomeKind.Wait, 1));
        asked.Wait!.Ask!.Question.Should().Contain("""**pay** `{"amount":412,"currency":"EUR"}`""");
        refused.Effects.Should().BeEmpty();
        refused.State!.Messages[^1].Should().Be(new Message(Role.Tool, "refused by ann: too dear", "pay") { Calls = refused.State.Messages[^1].Calls });
    }

    /// <summary>What is received beside the interrupted call: <c>b</c> is counted, <c>(b)</c> is known by its key.</summary>
    [TestCase("b (b)", "call: received 2, expected 1.", "call: finished before a kill, and received after it.")]
    [TestCase("b x", "call: received under key x, which the file does not know.")]
    [TestCase("", "call: received 0, expected 1.", "call: counted 0, expected 1.")]
    [TestCase("b b", "call: received 2, expected 1.", "call: counted 2, expected 1.", "call: finished before a kill, and received after it.")]
    public void An_account_that_does_not_hold_says_so(string received, params string[] faults)
    {
        ReceivedCall[] journal = [.. received.Split(' ', StringSplitOptions.RemoveEmptyEntries).Append("a").Append("(a)")
            .Select(key => new ReceivedCall("call", key.Trim('(', ')'), key[0] != '(', "1"))];

        var account = new CallAccount(journal, [Effect("a"), Effect("b")], "a", [new(1, [Effect("b")])]);

        account.Faults.Should().Equal(faults);
        account.ToString().Should().ContainAll(faults.Select(fault => $"WRONG: {fault}")).And.NotContain("Repeated");
    }

    [Test]
    public void An_account_tells_a_result_that_the_service_has_not_given_and_an_interrupted_call_that_was_not_repeated()
    {
        var account = new CallAccount([new("call", "a", true, "1"), new("call", "b", true, "2")], [Effect("a"), Effect("b")], "a", []);

        account.Faults.Should().Equal("call: received 1, expected 2.", "call: its result in the file is not what the service has answered.");
    }

    private static EffectInfo Effect(string key) => new()
    {
        Name = "call",
        Number = 1,
        Path = "call",
        Version = 1,
        Key = key,
        State = EffectState.Recorded,
        Result = JsonElement.Parse("1"),
        BegunAt = DateTimeOffset.UnixEpoch,
    };

    private static string Result(EffectInfo effect) => effect.Result!.Value.GetString()!;

    /// <summary>The rows of the account as they were printed.</summary>
    private static IEnumerable<(int Version, string Path, string Key, int Received, int Counted, string State)> RowsOf(string output) =>
        Regex.Matches(output, @"^  v(\d+) +(\w+) +([0-9a-f]{32}) +(\d+) +(\d+)  (\w+)\r?$", RegexOptions.Multiline).Select(row =>
            (Number(row, 1), row.Groups[2].Value, row.Groups[3].Value, Number(row, 4), Number(row, 5), row.Groups[6].Value));

    private static int Number(Match row, int group) => int.Parse(row.Groups[group].Value, CultureInfo.InvariantCulture);
}
