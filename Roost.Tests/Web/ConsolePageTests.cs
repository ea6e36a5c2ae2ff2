using System.Text.Json;
using Microsoft.Playwright;
using Roost.Tests.Support;

namespace Roost.Tests.Web;

/// <summary>
/// Every page of the console on a file in which everything is many and long: for everybody to read, in both themes, on three widths, and no
/// higher than five screens. All of them: <c>ROOST_AXE=…/axe.min.js ROOST_PAGES=all dotnet test --filter ConsolePageTests</c>; with
/// <c>ROOST_PICTURES</c>, a folder, each is kept there as a picture to look at.
/// </summary>
[TestFixture]
internal sealed class ConsolePageTests
{
    private const int Screen = 900, MostScreens = 5;
    private static readonly string? Axe = Environment.GetEnvironmentVariable("ROOST_AXE");
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("ROOST_PICTURES");
    private static readonly bool IsAll = Environment.GetEnvironmentVariable("ROOST_PAGES") == "all";

    private ConsoleTour tour = null!;
    private HeadlessBrowser browser = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        browser = await HeadlessBrowser.StartAsync();
        tour = await ConsoleTour.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (tour is not null) await tour.DisposeAsync();
        if (browser is not null) await browser.DisposeAsync();
    }

    [Test]
    public void No_page_of_the_console_is_left_out() => ConsoleTour.Addresses.Keys.Should().BeEquivalentTo(ConsoleTour.Pages);

    [TestCase(1440, ColorScheme.Light)]
    [TestCase(1440, ColorScheme.Dark)]
    [TestCase(1024, ColorScheme.Light)]
    [TestCase(1024, ColorScheme.Dark)]
    [TestCase(390, ColorScheme.Light)]
    [TestCase(390, ColorScheme.Dark)]
    public async Task Every_page_is_for_everybody_to_read(int width, ColorScheme theme)
    {
        if (!IsAll && (width, theme) != (1440, ColorScheme.Light))
            Assert.Ignore("ROOST_PAGES=all looks at all addresses, widths and themes; .ci/run does.");
        IPage page = await browser.OpenAsync(
            new()
            {
                ViewportSize = new() { Width = width, Height = Screen },
                ColorScheme = theme,
                ReducedMotion = ReducedMotion.Reduce,
            }
        );
        await page.SignInAsync(tour.Host.Server.Link);
        string checks = await File.ReadAllTextAsync(SourceTree.PathOf("Roost.Tests", "Web", "PageChecks.js"));
        var wrong = new List<string>();
        foreach (string address in ConsoleTour.Addresses.Values.SelectMany(each => IsAll ? each : each[..1])) // One of each kind takes a third of the time.
        {
            await page.GotoAsync(new Uri(tour.Host.Root, address).AbsoluteUri);
            JsonElement found = (await page.EvaluateAsync(checks))!.Value;
            wrong.AddRange(Told(found, address));
            int height = found.GetProperty("height").GetInt32();
            if (width == 1440 && height > MostScreens * Screen)
                wrong.Add($"{address}: is {height} pixels high");
            if (Pictures is not null)
                await page.ScreenshotAsync(
                    new()
                    {
                        Path = Path.Combine(
                            Pictures,
                            $"{width}-{theme}{string.Concat(address.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-'))}.png"
                        ),
                        FullPage = true,
                    }
                );
            if (Axe is not null)
                wrong.AddRange(await ViolationsAsync(page, address));
            await page.EvaluateAsync(
                "document.getElementById('help')?.close(); for (const each of document.querySelectorAll('details')) each.open = !each.matches('.action')"
            );
            wrong.AddRange(Told((await page.EvaluateAsync(checks))!.Value, address + ", all open"));
        }
        await page.CloseAsync();
        string.Join('\n', wrong).Should().BeEmpty();
        if (Axe is null)
            Assert.Ignore(
                "Heights, widths and contrasts are right; ROOST_AXE names no axe.min.js (of npm's axe-core), so that its rules were not looked at. " +
                ".ci/run installs it."
            );
    }

    private static IEnumerable<string> Told(JsonElement found, string where) =>
        ((string[])["faint", "cut"]).SelectMany(check => found.GetProperty(check).EnumerateArray()).Select(text => $"{where}: {text}");

    /// <summary>By axe's rules, with what an action and the help open.</summary>
    private static async Task<IEnumerable<string>> ViolationsAsync(IPage page, string address)
    {
        await page.EvaluateAsync(await File.ReadAllTextAsync(Axe!));
        List<string> found = await RunAsync(address);
        if (!address.StartsWith("/work/item?", StringComparison.Ordinal))
            return found;
        await page.EvaluateAsync(
            "for (const rest of document.querySelectorAll('details:not(.action)')) rest.open = true; const action = " +
            "document.querySelector('details.action'); if (action) action.open = true"
        );
        found.AddRange(await RunAsync(address + ", all open"));
        await page.EvaluateAsync("document.getElementById('help').showModal()");
        found.AddRange(await RunAsync(address + ", keys"));
        return found;

        async Task<List<string>> RunAsync(string where)
        {
            JsonElement violations = (await page.EvaluateAsync("axe.run(document).then(result => result.violations)"))!.Value;
            return [.. violations.EnumerateArray().SelectMany(rule => rule.GetProperty("nodes").EnumerateArray().Take(3).Select(node =>
                $"{where}: {rule.GetProperty("id").GetString()}: " +
                $"{node.GetProperty("html").GetString()![..Math.Min(200, node.GetProperty("html").GetString()!.Length)]} " +
                $"{node.GetProperty("failureSummary").GetString()!.ReplaceLineEndings(" ")}"))];
        }
    }
}
