using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class EnqueueVerbTests
{
    private CommandFolder roost = null!;

    [OneTimeSetUp]
    public void SetUp() => roost = new();

    [OneTimeTearDown]
    public void TearDown() => roost.Dispose();

    [Test]
    public async Task The_id_alone_is_printed()
    {
        CommandResult result = await roost.RunAsync("enqueue", "--engine", "demo");

        result.Ends(0).Output.Should().MatchRegex("^[0-9a-f-]{36}\n$");
        result.Error.Should().BeEmpty();
    }

    [TestCase("watchlit", "did you mean watchlist?")]
    [TestCase("of-another-program", "")]
    public async Task An_engine_that_looks_mistyped_is_enqueued_and_told(string engine, string told)
    {
        CommandResult result = await roost.RunAsync("enqueue", "--engine", engine);

        result.Ends(0).Output.Should().MatchRegex("^[0-9a-f-]{36}\n$");
        if (told.Length > 0) result.Error.Should().Contain(told);
        else result.Error.Should().BeEmpty();
    }

    [Test]
    public async Task Every_option_reaches_the_item()
    {
        string parent = await roost.EnqueueAsync();

        string id = await roost.EnqueueAsync(
            "--id", "all-1", "--queue", "slow", "--priority", "7", "--resource", "domain:a", "--resource", "domain:b", "--hold", "life", "--delay", "1h",
            "--deadline", "2d", "--timeout", "90s", "--retries", "3", "--max-steps", "9",
            "--idempotency-key", "k1", "--parent", parent, "--payload", """{"a":1}""");

        await using var file = new RoostRuntime(roost.Database);
        WorkDetail item = await file.GetAsync(id);
        id.Should().Be("all-1");
        item.Summary.Queue.Should().Be("slow");
        item.Summary.Priority.Should().Be(7);
        item.Resources.Should().Equal("domain:a", "domain:b");
        item.ResourceHold.Should().Be(ResourceHold.Life);
        item.DueAt.Should().BeCloseTo(DateTimeOffset.UtcNow.AddHours(1), TimeSpan.FromMinutes(2));
        item.Deadline.Should().BeCloseTo(DateTimeOffset.UtcNow.AddDays(2), TimeSpan.FromMinutes(2));
        item.Timeout.Should().Be(TimeSpan.FromSeconds(90));
        item.MaxAttempts.Should().Be(3);
        item.MaxSteps.Should().Be(9);
        item.IdempotencyKey.Should().Be("k1");
        item.ParentId.Should().Be(parent);
        item.Payload.GetProperty("a").GetInt32().Should().Be(1);
    }

    [Test]
    public async Task A_payload_comes_from_a_file_or_from_stdin()
    {
        await File.WriteAllTextAsync(roost.Folder["payload.json"], """{"from":"file"}""");

        string fromFile = await roost.EnqueueAsync("--payload", "@payload.json");
        CommandResult fromInput = await roost.RunWithAsync(
            new Dictionary<string, string>(),
            """{"from":"stdin"}""",
            "enqueue",
            "--engine",
            "demo",
            "--payload",
            "-"
        );

        (await roost.RunAsync("status", fromFile, "--json")).Json.GetProperty("payload").GetProperty("from").GetString().Should().Be("file");
        (await roost.RunAsync("status", fromInput.Ends(0).Word, "--json")).Json.GetProperty("payload").GetProperty("from").GetString().Should().Be("stdin");
    }

    [Test]
    public async Task A_key_enqueues_once_and_with_another_payload_is_a_conflict()
    {
        string first = await roost.EnqueueAsync("-k", "once", "-p", """{"n":1}""");

        CommandResult second = await roost.RunAsync("enqueue", "-e", "demo", "-k", "once", "-p", """{"n":1}""", "--json");
        CommandResult other = await roost.RunAsync("enqueue", "-e", "demo", "-k", "once", "-p", """{"n":2}""");

        second.Ends(0).Json.GetProperty("id").GetString().Should().Be(first);
        second.Json.GetProperty("created").GetBoolean().Should().BeFalse();
        other.Ends(4).Output.Should().BeEmpty();
    }

    [TestCase("[1]", "object")]
    [TestCase("{", "JSON")]
    [TestCase("@missing.json", "missing.json")]
    [TestCase("@/dev/zero", "/dev/zero")]
    public async Task A_bad_payload_is_a_usage_error(string payload, string word)
    {
        CommandResult result = await roost.RunAsync("enqueue", "-e", "demo", "-p", payload);

        result.Ends(2).Output.Should().BeEmpty();
        result.Error.Should().Contain(word);
    }

    [TestCase("--delay", "soon")]
    [TestCase("--deadline", "never")]
    [TestCase("--timeout", "-3s")]
    [TestCase("--hold", "forever")]
    [TestCase("--priority", "high")]
    public async Task A_bad_option_is_a_usage_error_that_names_it(string option, string value)
    {
        CommandResult result = await roost.RunAsync("enqueue", "-e", "demo", option, value);

        result.Ends(2).Error.Should().Contain(value);
    }
}
