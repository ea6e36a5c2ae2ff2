using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class DatabaseOptionTests
{
    private CommandFolder roost = null!;

    [SetUp]
    public void SetUp() => roost = new();

    [TearDown]
    public void TearDown() => roost.Dispose();

    [Test]
    public async Task The_option_is_stronger_than_the_environment_and_that_than_the_default()
    {
        var environment = new Dictionary<string, string> { ["ROOST_DB"] = roost.Folder["named.db"] };

        await roost.RunWithAsync(environment, "", "enqueue", "-e", "demo", "--db", roost.Folder["given.db"]);
        await roost.RunWithAsync(environment, "", "enqueue", "-e", "demo");
        await roost.EnqueueAsync();

        Directory.GetFiles(roost.Folder.Root, "*.db").Select(Path.GetFileName).Should().BeEquivalentTo("given.db", "named.db", "roost.db");
    }

    [Test]
    public async Task A_namespace_has_a_file_of_its_own_below_the_root()
    {
        (await roost.RunAsync("enqueue", "-e", "demo", "--namespace", "team-a", "--root", ".")).Ends(0);

        File.Exists(roost.Folder["team-a.db"]).Should().BeTrue();
        (await roost.RunWithAsync(new Dictionary<string, string> { ["ROOST_NAMESPACE"] = "team-a", ["ROOST_ROOT"] = roost.Folder.Root }, "", "list", "--json"))
            .Ends(0).Json.GetProperty("items").GetArrayLength().Should().Be(1);
    }

    [TestCase("--db", "a.db", "--namespace", "b")]
    [TestCase("--db", "a.db", "--root", ".")]
    [TestCase("--namespace", "b")]
    [TestCase("--root", ".")]
    public async Task What_does_not_name_one_file_is_a_usage_error(params string[] options)
    {
        (await roost.RunAsync(["list", .. options])).Ends(2).Error.Should().Contain("--");
    }

    [TestCase("list")]
    [TestCase("status", "x-1")]
    [TestCase("stats")]
    [TestCase("events")]
    [TestCase("doctor")]
    [TestCase("workers")]
    [TestCase("cancel", "x-1")]
    [TestCase("dead-letters")]
    public async Task Only_what_begins_something_creates_a_missing_file(params string[] arguments)
    {
        CommandResult result = await roost.RunAsync(arguments);

        result.Ends(3).Error.Should().Contain(roost.Database);
        result.Output.Should().BeEmpty();
        Directory.GetFiles(roost.Folder.Root).Should().BeEmpty();
    }

    [Test]
    public async Task A_file_of_another_program_is_an_error()
    {
        await File.WriteAllTextAsync(roost.Database, new string('x', 5000));

        (await roost.RunAsync("list")).Ends(1).Error.Should().Contain("not a Roost database");
    }

    [TestCase("list")]
    [TestCase("stats")]
    public async Task A_reading_verb_makes_no_database_of_an_empty_file(string verb)
    {
        string file = roost.Folder["empty.db"];
        await File.WriteAllBytesAsync(file, []);

        (await roost.RunAsync(verb, "--db", file)).Ends(3).Error.Should().Contain("is empty");

        new FileInfo(file).Length.Should().Be(0);
        (await roost.RunAsync("enqueue", "-e", "demo", "--db", file)).Ends(0);
        (await roost.RunAsync("stats", "--db", file)).Ends(0);
    }
}
