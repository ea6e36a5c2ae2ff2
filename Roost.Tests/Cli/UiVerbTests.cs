using System.Net;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

[TestFixture]
internal sealed class UiVerbTests
{
    private CommandFolder roost = null!;

    [SetUp]
    public void SetUp() => roost = new();

    [TearDown]
    public void TearDown() => roost.Dispose();

    [Test]
    public async Task The_link_that_is_printed_opens_the_console_and_without_its_token_nothing_does()
    {
        await roost.EnqueueAsync();
        await using CommandProcess ui = CommandProcess.Start(roost.Folder, new Dictionary<string, string>(), "ui");
        string line = (await ui.ReadLineAsync())!;
        var link = new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]);
        using var client = new HttpClient(new HttpClientHandler { UseProxy = false });

        await client.GetAsync(link); // Exchanges the token for a cookie.
        HttpResponseMessage opened = await client.GetAsync(new Uri(link, "/"));
        using var stranger = new HttpClient(new HttpClientHandler { UseProxy = false, UseCookies = false });
        HttpResponseMessage refused = await stranger.GetAsync(new Uri(link, "/"));

        opened.StatusCode.Should().Be(HttpStatusCode.OK);
        (await opened.Content.ReadAsStringAsync()).Should().Contain("Overview");
        refused.IsSuccessStatusCode.Should().BeFalse();
    }

    [Test]
    public async Task A_file_that_is_missing_is_refused_and_not_made()
    {
        (await roost.RunAsync("ui", "--db", roost.Folder["missing.db"])).Ends(Roost.Cli.ExitCodes.NotFound).Error.Should().Contain("missing.db");

        File.Exists(roost.Folder["missing.db"]).Should().BeFalse();
    }
}
