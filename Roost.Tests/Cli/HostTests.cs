using System.CommandLine;
using Roost.Commands;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class HostTests
{
    [Test]
    public async Task A_hosts_program_gets_the_verbs_with_its_own_engines_alone()
    {
        using var folder = new TemporaryFolder();
        string id;
        await using (var roost = new RoostRuntime(folder["roost.db"])) id = await roost.EnqueueAsync(new WorkItem("own"));
        Action<RoostRuntime> own = roost => roost.AddEngine(ScriptedEngine.CountingTo(2, id: "own"));

        (await RoostCommand.RunAsync(["worker", "--until-idle", "--db", folder["roost.db"]], own)).Should().Be(ExitCodes.Ok);
        (await RoostCommand.RunAsync(["wait", id, "--db", folder["roost.db"]], own)).Should().Be(ExitCodes.Ok);
        (await RoostCommand.RunAsync(["worker", "--engines", "demo", "--db", folder["roost.db"]], own)).Should().Be(ExitCodes.Usage);
    }

    [Test]
    public void What_one_run_of_the_command_has_made_is_not_kept_for_the_next()
    {
        Root[] roots = [new(_ => { }), new(_ => { })];

        foreach (Root root in roots)
            foreach (Symbol symbol in AllOf(root)) symbol.Parents.Should().ContainSingle("{0} belongs to one command", symbol.Name);
    }

    private static IEnumerable<Symbol> AllOf(Command command) =>
        [.. command.Options, .. command.Arguments, .. command.Subcommands, .. command.Subcommands.SelectMany(AllOf)];
}
