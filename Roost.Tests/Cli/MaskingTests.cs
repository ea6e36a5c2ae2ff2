using System.Text.Json;
using System.Text.Json.Nodes;
using Roost.AspNetCore.Output;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>What an engine wrote into an error, an event or a text is masked like the value of a field.</summary>
[TestFixture]
internal sealed class MaskingTests
{
    private const string Named = "credential:acme";
    private const string Quoted = """HTTP 401 for {"password":"p-quoted one","user":"ann"} in the reply""";

    private static readonly string[] Secrets =
    [
        "t-plain", "p-quoted", "one\"", "b-bearer", "u-query", "e-event", "n-nested", "m-meta", "r-reason", "o-outer", "i-inner", "k-data", "d-data",
    ];

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
        file.AddEngine(
            ScriptedEngine.From(
                (_, _) =>
                    throw new IOException(
                        "secret=o-outer",
                        new FormatException("token=i-inner") { Data = { ["api_key"] = "k-data", ["reply"] = "password: d-data" } }
                    )
                    {
                        Data = { ["token"] = "k-data" },
                    },
                "throwing"
            )
        );
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
        string[] verb =
        [
            .. arguments.Select(each =>
                each.Replace("{failed}", failed, StringComparison.Ordinal)
                    .Replace("{cancelled}", cancelled, StringComparison.Ordinal)
                    .Replace("{thrown}", thrown, StringComparison.Ordinal)
            ),
        ];
        CommandResult masked = (await roost.RunAsync(verb)).Ends(0),
            revealed = (await roost.RunAsync([.. verb, "--reveal"])).Ends(0);

        masked.Output.Should().Contain("***").And.NotContainAny(Secrets);
        revealed.Output.Should().ContainAny(Secrets).And.NotContain("***");
        if (verb.Contains("--json")) masked.Json.ValueKind.Should().Be(JsonValueKind.Object);
    }

    [Test]
    public async Task The_error_of_awaited_work_is_masked() =>
        (await roost.RunAsync("wait", failed)).Ends(5).Output.Should().Contain("token=***").And.NotContainAny(Secrets);

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
    [TestCase("""{"password":"cut off""", """{"password":"***""")]
    [TestCase("""{\"api_key\":\"a b\",\"x\":1}""", """{\"api_key\":\"***\",\"x\":1}""")]
    [TestCase("Authorization: Bearer abc.def", "Authorization: ***")]
    [TestCase("max_tokens=5, tokenizer=x", "max_tokens=5, tokenizer=x")]
    [TestCase("password='it is'", "password='***'")]
    [TestCase("token=***", "token=***")]
    [TestCase("curl -H 'X: Bearer eyJhbGciOiJI.eyJzdWIi.c2ln'", "curl -H 'X: Bearer ***'")]
    [TestCase("sent Bearer abc123-xyz to it", "sent Bearer *** to it")]
    [TestCase("Bearer authentication failed", "Bearer authentication failed")]
    [TestCase("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl.", "got ***.")]
    [TestCase("GET https://user:pw@example.com/x", "GET https://user:***@example.com/x")]
    [TestCase("postgres://app:p:w@db:5432/x?a=1", "postgres://app:***@db:5432/x?a=1")]
    [TestCase("ssh://git@example.com/x and a@b.example", "ssh://git@example.com/x and a@b.example")]
    [TestCase("key sk-live-51Habc", "key ***")]
    [TestCase("scikit sk-learn-estimators-guide", "scikit sk-learn-estimators-guide")]
    [TestCase("(AKIAIOSFODNN7EXAMPLE)", "(***)")]
    [TestCase("ghp_16C7e42F292c6912E7710c838347Ae178B4a", "***")]
    [TestCase("Server=a;User Id=sa;Password=p w,d&x;Database=y", "Server=a;User Id=sa;Password=***;Database=y")]
    [TestCase("Pwd=x;Server=a", "Pwd=***;Server=a")]
    [TestCase("AccountName=a;AccountKey=abc+/d==;EndpointSuffix=x", "AccountName=a;AccountKey=***;EndpointSuffix=x")]
    [TestCase("run --password hunter2 --verbose", "run --password *** --verbose")]
    [TestCase("run --api-key='a b' x", "run --api-key='***' x")]
    [TestCase("--token is required", "--token is required")]
    [TestCase("accessToken=abc userJWTToken: d", "accessToken=*** userJWTToken: ***")]
    [TestCase("The API key: abc", "The API key: ***")]
    [TestCase("Cookie: sid=abc; theme=dark", "Cookie: ***")]
    [TestCase("https://a.example/b?sig=abc%3D&x=1", "https://a.example/b?sig=***&x=1")]
    [TestCase(
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nrest",
        "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nrest"
    )]
    [TestCase("-----BEGIN PRIVATE KEY-----\nMIIE cut", "-----BEGIN PRIVATE KEY-----***")]
    [TestCase("-----BEGIN CERTIFICATE-----\nMIIE", "-----BEGIN CERTIFICATE-----\nMIIE")]
    [TestCase("""{"password":"a\"b","x":1}""", """{"password":"***","x":1}""")]
    [TestCase(
        "token_budget=5, token_count: 7, completion_token_limit = 9, prompt token count: 3",
        "token_budget=5, token_count: 7, completion_token_limit = 9, prompt token count: 3"
    )]
    [TestCase("Token::Parse, token == other, token => x, token: null", "Token::Parse, token == other, token => x, token: null")]
    public void A_text_loses_what_follows_a_secret_key(string text, string masked) =>
        new SecretKeys(SecretKeys.Usual, reveal: false).Hide(text).Should().Be(masked);

    [TestCase("token_budget", false)]
    [TestCase("token_count", false)]
    [TestCase("completion_token_limit", false)]
    [TestCase("max_tokens", false)]
    [TestCase("maxToken", false)]
    [TestCase("tokenUsage", false)]
    [TestCase("password_min_length", false)]
    [TestCase("has_password", false)]
    [TestCase("token_type", false)]
    [TestCase("token2", true)]
    [TestCase("token_value", true)]
    [TestCase("token_limit_token", true)]
    [TestCase("clientSecret", true)]
    [TestCase("APIKey", true)]
    [TestCase("pwd", true)]
    public void A_key_is_secret_where_it_holds_one_and_not_where_it_counts_them(string key, bool secret) =>
        new SecretKeys(SecretKeys.Usual, reveal: false).IsSecret(key).Should().Be(secret);

    [Test]
    public void The_word_after_an_option_in_a_list_of_arguments_is_masked() =>
        new Masking(new(SecretKeys.Usual, reveal: false))
            .ApplyToStored(JsonNode.Parse("""["--user","ann","--password","hunter2","--token","--x","y"]"""))!
            .ToJsonString()
            .Should()
            .Be("""["--user","ann","--password","***","--token","--x","y"]""");

    /// <summary>Twice the text takes about twice the time: a search that goes back, or looks ahead from every place, would take minutes here.</summary>
    [Test]
    public async Task No_text_makes_the_search_slow()
    {
        var keys = new SecretKeys(SecretKeys.Usual, reveal: false);
        foreach (string part in (string[])
        [
            "a", "-", "--", "token", "token=", "token:", "token: ", "token=a ", "token=a;", "password=\"", "password=\\", "\\\"", "://", "://a@",
            "://a:b@", "Bearer ", "Bearer a", "basic", "eyJ", "eyJaaaaaaa.", "sk-", "AKIA", "-----BEGIN ", "-----BEGIN PRIVATE KEY-----", "--token ",
            "--token a", "--password", " ", "\t", "=", ":", ";", "a=b;", "api key: ", "cookie: ", "0123456789abcdef-", "x.", "?sig=",
        ]) await Task.Run(() => keys.Hide(string.Concat(Enumerable.Repeat(part, 200_000 / part.Length)))).WaitAsync(Gate.Patience);
    }

    [Test]
    public async Task A_private_key_of_many_lines_is_masked_on_a_terminal()
    {
        Terminal.IgnoreWhereMissing();
        using var other = new CommandFolder();
        await using (var file = new RoostRuntime(other.Database))
        {
            file.AddEngine(ScriptedEngine.From((state, context) =>
            {
                context.AddArtifactText("key.pem", "before\n-----BEGIN PRIVATE KEY-----\nMIIEline1\nMIIEline2\n-----END PRIVATE KEY-----\nafter\n");
                return ScriptedEngine.Finish(state);
            }));
            await file.EnqueueAsync(new WorkItem("scripted") { Id = "keeper" });
            await file.RunUntilIdleAsync();
        }
        await using var terminal = Terminal.Start(other.Folder, "roost artifacts cat keeper key.pem");
        await terminal.EndAsync();

        terminal.Seen.Should().ContainAll("before", "-----BEGIN PRIVATE KEY-----", "***", "-----END PRIVATE KEY-----", "after").And.NotContain("MIIE");
    }
}
