using System.Reflection;
using System.Reflection.Emit;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class WorkerVerbTests
{
    private CommandFolder roost = null!;

    [SetUp]
    public void SetUp() => roost = new();

    [TearDown]
    public void TearDown() => roost.Dispose();

    [Test]
    public async Task Only_the_named_engines_and_queues_are_served()
    {
        string other = (await roost.RunAsync("enqueue", "-e", "watchlist")).Ends(0).Word,
            elsewhere = await roost.EnqueueAsync("--queue", "slow"),
            mine = await roost.EnqueueAsync();

        (await roost.WorkAsync("--engines", "demo")).Output.Should().Contain(mine).And.NotContain(other).And.NotContain(elsewhere);

        (await roost.RunAsync("list", "--state", "done", "--json")).Json.GetProperty("items").EnumerateArray().Should().ContainSingle();
    }

    [TestCase("INT")]
    [TestCase("TERM")]
    [TestCase("HUP")]
    public async Task The_first_signal_ends_it_in_order(string signal)
    {
        await using CommandProcess worker = roost.Start("worker");
        string? line = "";
        while (line is not null && !line.Contains("worker_started", StringComparison.Ordinal)) line = await worker.ReadLineAsync();

        await worker.SignalAsync(signal);

        (await worker.EndAsync()).Ends(0).Output.Should().Contain("worker_stopped");
    }

    [Test]
    public async Task The_second_signal_does_not_wait_for_the_step()
    {
        using var page = new StuckPage();
        (await roost.RunAsync("enqueue", "-e", "watchlist", "-p", $$"""{"url":"{{page.Url}}"}""")).Ends(0);
        await using CommandProcess worker = roost.Start("worker", "--drain-time", "10m");
        await page.Asked.WaitAsync(Gate.Patience);

        await worker.SignalAsync("INT");
        await worker.SignalAsync("TERM");

        (await worker.EndAsync()).Ends(130);
        (await roost.RunAsync("list", "--json")).Json.GetProperty("items")[0].GetProperty("state").GetString().Should().Be("queued");
        (await roost.RunAsync("workers", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(0, "it has left, and nothing is charged");
        (await roost.RunAsync("events")).Output.Should().Contain("released").And.NotContain("interrupted");
    }

    [Test]
    [Platform("Linux", Reason = "Elsewhere nobody tells whether it is ignored.")]
    public async Task A_worker_that_was_started_to_outlive_its_terminal_goes_on_when_that_is_closed()
    {
        await using CommandProcess worker = roost.StartIgnoring("HUP", "worker");
        string? line = "";
        while (line is not null && !line.Contains("worker_started", StringComparison.Ordinal)) line = await worker.ReadLineAsync();

        await worker.SignalAsync("HUP");
        string id = await roost.EnqueueAsync();
        (await roost.RunAsync("wait", id)).Ends(0);
        await worker.SignalAsync("TERM");

        (await worker.EndAsync()).Ends(0);
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "There are no such signals.")]
    public async Task A_worker_whose_output_nobody_takes_works_on_and_ends_when_it_is_told_to()
    {
        await using CommandProcess worker = roost.Start("worker", "--drain-time", "0s");
        string id = await roost.EnqueueAsync("-p", "{\"count_to\":1500}");
        (await roost.RunAsync("wait", id)).Ends(0);

        await worker.SignalAsync("TERM");

        (await worker.ExitedAsync()).Should().Be(0, "its pipe of 64 KiB is full, and what it says of 1,500 steps is more");
        (await roost.RunAsync("workers", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(0);
    }

    [Test]
    public async Task An_unknown_engine_is_a_usage_error_with_the_right_one_beside_it() =>
        (await roost.RunAsync("worker", "--engines", "watchlst")).Ends(2).Error.Should().Contain("Did you mean watchlist?");

    [Test]
    public async Task The_trigger_file_is_read()
    {
        await File.WriteAllTextAsync(roost.Folder["roost.json"], """{"triggers":[{"when":"demo","enqueue":"demo","values":{"count_to":1},"max_depth":1}]}""");
        await roost.EnqueueAsync();

        await roost.WorkAsync();

        (await roost.RunAsync("list", "--state", "done", "--json")).Json.GetProperty("items").GetArrayLength().Should().Be(2);
        await File.WriteAllTextAsync(roost.Folder["wrong.json"], """{"trigger":[]}""");
        (await roost.RunAsync("worker", "--until-idle", "--config", "wrong.json")).Ends(2).Error.Should().Contain("trigger");
    }

    [TestCase("--concurrency", "0")]
    [TestCase("--lease-time", "1ms")]
    [TestCase("--workspace-mode", "tree")]
    [TestCase("--assembly", "none.dll")]
    public async Task A_bad_option_is_a_usage_error(string option, string value) =>
        (await roost.RunAsync("worker", "--until-idle", option, value)).Ends(2);

    [Test]
    public async Task Engines_come_from_an_assembly()
    {
        WriteEngine(roost.Folder["Mine.dll"]);
        string id = (await roost.RunAsync("enqueue", "-e", "mine")).Ends(0).Word;

        await roost.WorkAsync("--assembly", "Mine.dll", "--engines", "mine", "--retries", "1");

        (await roost.RunAsync("wait", id)).Ends(5).Output.Should().Contain("\"mine\" overrides neither Init nor InitAsync");
    }

    /// <summary>A public engine "mine" without a first state, so that its item fails by its own name.</summary>
    private static void WriteEngine(string path)
    {
        var assembly = new PersistedAssemblyBuilder(new AssemblyName("Mine"), typeof(object).Assembly);
        TypeBuilder type = assembly.DefineDynamicModule("Mine").DefineType("MineEngine", TypeAttributes.Public | TypeAttributes.Sealed, typeof(Engine<int>));
        MethodInfo step = typeof(Engine<int>).GetMethod("StepAsync", BindingFlags.Instance | BindingFlags.NonPublic)!;
        MethodBuilder stepBody = type.DefineMethod(
            step.Name,
            MethodAttributes.Family | MethodAttributes.Virtual | MethodAttributes.HideBySig,
            step.ReturnType,
            [.. step.GetParameters().Select(each => each.ParameterType)]
        );
        stepBody.GetILGenerator().Emit(OpCodes.Ldnull);
        stepBody.GetILGenerator().Emit(OpCodes.Ret);
        MethodBuilder idBody = type.DefineMethod(
            "get_EngineId",
            MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.HideBySig | MethodAttributes.SpecialName,
            typeof(string),
            []
        );
        idBody.GetILGenerator().Emit(OpCodes.Ldstr, "mine");
        idBody.GetILGenerator().Emit(OpCodes.Ret);
        type.CreateType();
        assembly.Save(path);
    }
}
