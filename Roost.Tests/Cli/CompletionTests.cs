using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>The completion scripts, each in its own shell with a person's keys.</summary>
[TestFixture]
internal sealed class CompletionTests
{
    private const string Home = "\u0001"; // Ctrl-A, the beginning of the line in both shells.

    private CommandFolder roost = null!;

    [OneTimeSetUp]
    public async Task SetUp()
    {
        roost = new();
        foreach (string id in (string[])["order-1", "tenant:7"]) await roost.EnqueueAsync("--id", id);
    }

    [OneTimeTearDown]
    public void TearDown() => roost.Dispose();

    [TestCase("roost canc", "roost cancel")]
    [TestCase("roost list --sta", "roost list --state")]
    [TestCase("roost list --state canc", "roost list --state cancelled")]
    [TestCase("roost status ord", "roost status order-1")]
    [TestCase("roost status tenant:", "roost status tenant:7")]
    [TestCase("roost enqueue --engine watch", "roost enqueue --engine watchlist")]
    public async Task Bash_completes(string typed, string whole) =>
        await CompletesAsync("bash --norc --noprofile -i", "source <(roost completion bash)", typed, whole);

    [TestCase("roost canc", "roost cancel")]
    [TestCase("roost list --sta", "roost list --state")]
    [TestCase("roost list --state canc", "roost list --state cancelled")]
    [TestCase("roost status ord", "roost status order-1")]
    [TestCase("roost status tenant:", "roost status tenant:7")]
    [TestCase("roost enqueue --engine watch", "roost enqueue --engine watchlist")]
    public async Task Zsh_completes(string typed, string whole) =>
        await CompletesAsync("zsh -f -i", "autoload -Uz compinit && compinit -u -D && bindkey -e && source <(roost completion zsh)", typed, whole);

    [TestCase("roost canc", "cancel")]
    [TestCase("roost list --sta", "--state")]
    [TestCase("roost list --state canc", "cancelled")]
    [TestCase("roost status ord", "order-1")]
    [TestCase("roost status tenant:", "tenant:7")]
    [TestCase("roost enqueue --engine watch", "watchlist")]
    public async Task Fish_completes(string typed, string offered)
    {
        Terminal.IgnoreWhereMissing("fish");
        await using var fish = Terminal.Start(roost.Folder, $"fish --no-config -c 'roost completion fish | source; complete -C \"{typed}\" >fish.txt'");
        (await fish.EndAsync()).Should().Be(0, fish.Seen);

        (await File.ReadAllLinesAsync(roost.Folder["fish.txt"])).Should().Contain(offered);
    }

    [Test]
    public async Task A_file_that_is_none_offers_nothing_and_says_nothing()
    {
        await File.WriteAllTextAsync(roost.Folder["text.db"], "no database");

        CommandResult result = (await roost.RunAsync("[suggest:29]", "roost --db text.db status 01a")).Ends(0);

        (result.Output + result.Error).Trim().Should().BeEmpty();
    }

    private async Task CompletesAsync(string shell, string source, string typed, string whole)
    {
        Terminal.IgnoreWhereMissing(shell.Split(' ')[0]);
        await using var terminal = Terminal.Start(roost.Folder, shell, ("PS1", "$ "));
        await terminal.TypeAsync($"{source}; echo ready-$((40+2))\n");
        await terminal.WaitForAsync("ready-42");
        await terminal.TypeAsync($"{typed}\t >out.txt{Home}echo \nexit\n");
        await terminal.EndAsync();

        string.Join(' ', (await File.ReadAllTextAsync(roost.Folder["out.txt"])).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Should()
            .Be(whole, terminal.Seen);
    }
}
