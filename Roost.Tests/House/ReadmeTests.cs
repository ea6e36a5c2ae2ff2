using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using Roost.AspNetCore;
using Roost.Commands;
using Roost.Samples;
using Roost.Samples.Demo;
using Roost.Samples.Watchlist;
using Roost.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What the README shows is what the code is.</summary>
[TestFixture]
internal sealed class ReadmeTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private static readonly string Readme = Read("README.md");

    [TestCase("Roost.Samples/Watchlist/WatchlistEngine.cs")]
    [TestCase("Roost.Samples/Script.cs")]
    [TestCase("Roost.Samples/Waiting.cs")]
    [TestCase("Roost.Samples/Service.cs")]
    public void Shown_code_is_the_compiled_code(string file) => Readme.Should().Contain($"```csharp\n{Read(file)}```");

    [Test]
    public async Task The_test_that_is_shown_works()
    {
        var clock = new FakeTimeProvider();
        await using RoostRuntime roost = RoostRuntime.CreateTemporary(new RoostOptions { TimeProvider = clock });
        roost.AddEngine(new DemoEngine());
        string id = await roost.EnqueueAsync(new WorkItem("demo", new { message = "hello", count_to = 3, delay_seconds = 86400 }));
        while (await roost.RunUntilIdleAsync() is { Due: { } due }) clock.SetUtcNow(due);

        (await roost.WaitAsync(id)).State.Should().Be(WorkState.Done);
    }

    [Test]
    public async Task The_waiting_that_is_shown_works()
    {
        using var folder = new TemporaryFolder();

        await Samples.Waiting.RunAsync(folder["roost.db"]);

        await using var roost = new RoostRuntime(folder["roost.db"]);
        WorkDetail order = await roost.GetAsync((await roost.ListAsync()).Items.Single().Id);
        (order.Summary.State, order.Signals, order.Snapshot!.DataAs<Order>()).Should().Be((WorkState.Done, 0, new Order(20, 20)));
    }

    [Test]
    public void The_trigger_file_that_is_shown_is_read()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, Regex.Match(Readme, "```json\n(.*?)```", RegexOptions.Singleline).Groups[1].Value);

        TriggerFile.Load(file).Should().ContainSingle().Which.Enqueue.Should().Be("demo");

        File.Delete(file);
    }

    [Test]
    public void The_state_diagram_is_the_table_of_transitions()
    {
        var diagram = new StringBuilder("```mermaid\nstateDiagram-v2\n    [*] --> queued: enqueue\n");
        foreach ((WorkState from, string what, WorkState to) in WorkStates.Transitions)
            diagram.Append("    ").Append(from.Name()).Append(" --> ").Append(to.Name()).Append(": ").Append(what).Append('\n');

        Readme.Should().Contain(diagram.Append("    done --> [*]\n    cancelled --> [*]\n```").ToString());
    }

    [Test]
    public void Every_call_that_is_named_exists()
    {
        Type[] types =
        [
            .. typeof(RoostRuntime).Assembly.GetExportedTypes(),
            .. typeof(WatchlistEngine).Assembly.GetTypes(),
            .. typeof(RoostCommand).Assembly.GetExportedTypes(),
            .. typeof(ConsoleServer).Assembly.GetExportedTypes(),
            .. typeof(EngineVerifier).Assembly.GetExportedTypes(),
        ];
        HashSet<string> members = [.. types.SelectMany(type => type.GetMembers(All)).Select(member => member.Name)];

        string[] calls = [.. Regex.Matches(Readme, @"\b[A-Z][A-Za-z]+Async\b").Select(call => call.Value)];

        calls.Should().NotBeEmpty();
        calls.Where(call => !members.Contains(call)).Should().BeEmpty();
    }

    [Test]
    public void Every_picture_that_is_shown_is_there()
    {
        string[] pictures = [.. Regex.Matches(Readme, @"!\[[^\]]+\]\(([^)]+)\)").Select(picture => picture.Groups[1].Value)];

        pictures.Should().HaveCount(2).And.OnlyContain(picture => File.Exists(SourceTree.PathOf(picture)));
    }

    private static string Read(string file) => File.ReadAllText(SourceTree.PathOf(file)).ReplaceLineEndings("\n");
}
