using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
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
        using var client = new HttpClient(LoopbackHttp.Handler());

        await client.GetAsync(link); // Exchanges the token for a cookie.
        HttpResponseMessage opened = await client.GetAsync(new Uri(link, "/"));
        using var stranger = new HttpClient(LoopbackHttp.Handler(cookies: false));
        HttpResponseMessage refused = await stranger.GetAsync(new Uri(link, "/"));

        opened.StatusCode.Should().Be(HttpStatusCode.OK);
        (await opened.Content.ReadAsStringAsync()).Should().Contain("Overview");
        refused.IsSuccessStatusCode.Should().BeFalse();
    }

    [Test]
    public async Task Both_loopback_addresses_answer_and_no_other_does()
    {
        await roost.EnqueueAsync();
        await using CommandProcess ui = roost.Start("ui");
        int port = await PortAsync(ui);

        (await AnswersAsync(IPAddress.Loopback, port)).Should().BeTrue();
        if (Socket.OSSupportsIPv6) (await AnswersAsync(IPAddress.IPv6Loopback, port)).Should().BeTrue();
        foreach (IPAddress other in Others()) (await AnswersAsync(other, port)).Should().BeFalse("{0} was not named", other);
    }

    [Test]
    public async Task Another_address_answers_where_it_is_named()
    {
        if (Others().FirstOrDefault() is not { } other)
        {
            Assert.Ignore("This machine has no address but the loopback ones.");
            return;
        }
        await roost.EnqueueAsync();
        await using CommandProcess ui = roost.Start("ui", "--host", other.ToString());
        int port = await PortAsync(ui);

        (await AnswersAsync(other, port)).Should().BeTrue();
        (await AnswersAsync(IPAddress.Loopback, port)).Should().BeTrue();
    }

    [TestCase("0.0.0.0")]
    [TestCase("::")]
    [TestCase("[::]")]
    public async Task Every_address_may_be_listened_on_and_opens_the_console_by_that_address(string wildcard)
    {
        if (wildcard != "0.0.0.0" && !Socket.OSSupportsIPv6) Assert.Ignore("This machine has no IPv6.");
        await roost.EnqueueAsync();
        await using CommandProcess ui = roost.Start("ui", "--host", wildcard);
        string line = (await ui.ReadLineAsync())!;
        var link = new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]);
        IPAddress address = Others().FirstOrDefault() ?? IPAddress.Loopback;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        HttpResponseMessage exchanged = await client.GetAsync(new Uri($"http://{address}:{link.Port}/{link.Query}"));
        HttpResponseMessage opened = await client.GetAsync(new Uri($"http://{address}:{link.Port}/work"));

        exchanged.StatusCode.Should().Be(HttpStatusCode.OK);
        opened.StatusCode.Should().Be(IPAddress.IsLoopback(address) ? HttpStatusCode.Unauthorized : HttpStatusCode.OK);
    }

    [Test]
    public async Task An_address_of_another_machine_is_refused_in_words()
    {
        await roost.EnqueueAsync();

        (await roost.RunAsync("ui", "--host", "192.0.2.1"))
            .Ends(Roost.Commands.ExitCodes.Error)
            .Error.Should()
            .Contain("cannot be listened on")
            .And.Contain("192.0.2.1")
            .And.NotContain("   at ");
    }

    [Test]
    public async Task The_links_of_named_hosts_are_printed_and_what_their_cookies_share_is_said()
    {
        await roost.EnqueueAsync();
        await using CommandProcess ui = roost.Start("ui", "--host", "127.0.0.1", "--public-url", "https://roost.example.com");

        (await ui.ReadLineAsync()).Should().StartWith("The console is at https://roost.example.com/?token=");
        (await ui.ReadLineAsync()).Should().MatchRegex(@"^Also at http://roost-[0-9a-f]{32}\.localhost:\d+/\?token=");
        (await ui.ReadLineAsync())
            .Should()
            .MatchRegex(@"^Also at http://127\.0\.0\.1:\d+/\?token=[0-9a-f]+ \(a cookie of 127\.0\.0\.1 goes to all ports of that host\)$");
    }

    [TestCase("--public-url", "roost.example.com")]
    [TestCase("--public-url", "https://a/b")]
    [TestCase("--host", "no such name")]
    [TestCase("--host", "")]
    [TestCase("--host", "http://127.0.0.1")]
    [TestCase("--host", "256.0.0.1")]
    [TestCase("--host", "127.0.0.1:80")]
    [TestCase("--port", "-1")]
    [TestCase("--port", "65536")]
    [TestCase("--port", "http")]
    public async Task Nonsense_is_a_usage_error(string option, string value)
    {
        await roost.EnqueueAsync();

        (await roost.RunAsync("ui", option, value)).Ends(Roost.Commands.ExitCodes.Usage).Error.Should().NotContain("   at ");
    }

    private static async Task<int> PortAsync(CommandProcess ui)
    {
        string line = (await ui.ReadLineAsync())!;
        return new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]).Port;
    }

    private static IEnumerable<IPAddress> Others() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(each => each.OperationalStatus == OperationalStatus.Up && each.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(each => each.GetIPProperties().UnicastAddresses).Select(each => each.Address)
        .Where(address => address.AddressFamily == AddressFamily.InterNetwork);

    private static async Task<bool> AnswersAsync(IPAddress address, int port)
    {
        using var client = new TcpClient(address.AddressFamily);
        try
        {
            await client.ConnectAsync(address, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [Test]
    public async Task A_file_that_is_missing_is_refused_and_not_made()
    {
        (await roost.RunAsync("ui", "--db", roost.Folder["missing.db"])).Ends(Roost.Commands.ExitCodes.NotFound).Error.Should().Contain("missing.db");

        File.Exists(roost.Folder["missing.db"]).Should().BeFalse();
    }
}
