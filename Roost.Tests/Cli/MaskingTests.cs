using System.Text.Json;
using Roost.Cli.Console;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>What an engine wrote into an error, an event or a text is masked like the value of a field.</summary>
[TestFixture]
internal sealed class MaskingTests
{
    private const string Named = "credential:acme";
    private const string Quoted = """HTTP 401 for {"password":"p-quoted one","user":"ann"} in the reply""";

    private static readonly string[] Secrets = ["t-plain", "p-quoted", "one\"", "b-bearer", "u-query", "e-event", "n-nested", "m-meta", "r-reason", "o-outer", "i-inner", "k-data", "d-data"];

    private CommandFolder roost = null!;
    private string failed = "", cancelled = "", thrown = "";

    [OneTimeSetUp]
    public async Task SetUp()
    {
        roost = new();
        await using var file = new RoostRuntime(roost.Database);
        file.AddEngine(ScriptedEngine.From((state, context) =>
        {
            context.AddArtifactUri("there", new Uri("https://example.com/x?token=u-query&page=2"), new() { Metadata = new { note = "api_key: m-meta" } });
            context.AddEvent("called", new { text = "token=e-event", nested = new[] { "{\"secret\":\"n-nested\"}" } });
            return ScriptedEngine.GiveUp($"call failed, token=t-plain, Authorization: Bearer b-bearer. {Quoted}");
        }));
        failed = await file.EnqueueAsync(new WorkItem("scripted") { Resources = [Named] });
        await file.RunUntilIdleAsync();
        file.AddEngine(ScriptedEngine.From((_, _) => throw new IOException("secret=o-outer", new FormatException("token=i-inner") { Data = { ["api_key"] = "k-data", ["reply"] = "password: d-data" } }) { Data = { ["token"] = "k-data" } }, "throwing"));
        thrown = await file.EnqueueAsync(new WorkItem("throwing") { MaxAttempts = 1 });
        await file.RunUntilIdleAsync();
        cancelled = await file.EnqueueAsync(new WorkItem("other") { Id = "token:42", Resources = [Named] });
        await file.CancelAsync(cancelled, "the secret=r-reason leaked");
    }

    [OneTimeTearDown]
    public void TearDown() => roost.Dispose();

    [TestCase("status", "{failed}")]
    [TestCase("status", "{cancelled}")]
    [TestCase("status", "{failed}", "--json")]
    [TestCase("status", "{cancelled}", "--json")]
    [TestCase("list")]
    [TestCase("list", "--json")]
    [TestCase("events")]
    [TestCase("events", "--json")]
    [TestCase("dead-letters")]
    [TestCase("dead-letters", "--json")]
    [TestCase("dead-letters", "show", "{failed}")]
    [TestCase("dead-letters", "show", "{failed}", "--json")]
    [TestCase("dead-letters", "groups")]
    [TestCase("dead-letters", "groups", "--json")]
    [TestCase("dead-letters", "show", "{thrown}")]
    [TestCase("dead-letters", "show", "{thrown}", "--json")]
    [TestCase("status", "{thrown}")]
    [TestCase("status", "{thrown}", "--json")]
    [TestCase("artifacts", "list", "{failed}")]
    [TestCase("artifacts", "list", "--json")]
    public async Task A_secret_within_a_text_is_masked_unless_revealed(params string[] arguments)
    {
        string[] verb = [.. arguments.Select(each => each.Replace("{failed}", failed, StringComparison.Ordinal).Replace("{cancelled}", cancelled, StringComparison.Ordinal).Replace("{thrown}", thrown, StringComparison.Ordinal))];
        CommandResult masked = (await roost.RunAsync(verb)).Ends(0), revealed = (await roost.RunAsync([.. verb, "--reveal"])).Ends(0);

        masked.Output.Should().Contain("***").And.NotContainAny(Secrets);
        revealed.Output.Should().ContainAny(Secrets).And.NotContain("***");
        if (verb.Contains("--json")) masked.Json.ValueKind.Should().Be(JsonValueKind.Object);
    }

    [Test]
    public async Task The_error_of_awaited_work_is_masked() => (await roost.RunAsync("wait", failed)).Ends(5).Output.Should().Contain("token=***").And.NotContainAny(Secrets);

    [Test]
    public async Task What_is_not_secret_stays()
    {
        JsonElement item = (await roost.RunAsync("status", cancelled, "--json")).Ends(0).Json;

        item.GetProperty("id").GetString().Should().Be("token:42");
        item.GetProperty("resources")[0].GetString().Should().Be(Named);
        (await roost.RunAsync("status", failed)).Ends(0).Output.Should().Contain("\"password\":\"***\",\"user\":\"ann\"").And.Contain("?token=***&page=2");
    }

    [Test]
    public async Task A_worker_s_log_and_lines_are_masked()
    {
        using var other = new CommandFolder();
        string id = (await other.RunAsync("enqueue", "-e", "watchlist", "-p", """{"url":"token=t-plain"}""")).Ends(0).Word;

        CommandResult worked = (await other.RunAsync("worker", "--until-idle")).Ends(0);

        (await other.RunAsync("status", id, "--json", "--reveal")).Output.Should().Contain("t-plain");
        (worked.Output + worked.Error).Should().Contain("is a dead letter").And.NotContain("t-plain");
    }

    [TestCase("token=abc", "token=***")]
    [TestCase("token=abc;next", "token=***;next")]
    [TestCase("""{"password":"a b","x":1}""", """{"password":"***","x":1}""")]
    [TestCase("""{"password":"cut off""", """{"password":"***" """)]
    [TestCase("""{\"api_key\":\"a b\",\"x\":1}""", """{\"api_key\":\"***\",\"x\":1}""")]
    [TestCase("Authorization: Bearer abc.def", "Authorization: ***")]
    [TestCase("max_tokens=5, tokenizer=x", "max_tokens=5, tokenizer=x")]
    [TestCase("password='it is'", "password='***'")]
    [TestCase("token=***", "token=***")]
    [TestCase("basic: basic, token: bearer", "basic: basic, token: ***")]
    [TestCase("PASSWORD \\\"': 'x'", "PASSWORD \\\"': 'x'")]
    [TestCase("api-key:a api_key:b apikey:c xtoken=d x_token=e", "api-key:*** api_key:*** apikey:*** xtoken=d x_token=***")]
    [TestCase("cookie = \"a\nb\"", "cookie = \"***\"\nb\"")]
    [TestCase("secret:", "secret:")]
    public void A_text_loses_what_follows_a_secret_key(string text, string masked) =>
        new SecretKeys(SecretKeys.Usual, reveal: false).Hide(text).Should().Be(masked.TrimEnd());
}
