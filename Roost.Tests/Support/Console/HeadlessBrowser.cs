using Microsoft.Playwright;

namespace Roost.Tests.Support;

/// <summary>The distribution's Chromium, driven by Playwright. Where there is none, the test that asks for it is skipped.</summary>
internal sealed class HeadlessBrowser : IAsyncDisposable
{
    private static readonly string[] Paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    private readonly IPlaywright playwright;
    private readonly IBrowser browser;

    private HeadlessBrowser(IPlaywright playwright, IBrowser browser) => (this.playwright, this.browser) = (playwright, browser);

    public static async Task<HeadlessBrowser> StartAsync()
    {
        string? path = Paths.FirstOrDefault(File.Exists);
        if (path is null) Assert.Ignore($"No browser was found ({string.Join(", ", Paths)}); install Debian's chromium to run these tests.");
        IPlaywright playwright = await Playwright.CreateAsync();
        return new(playwright, await playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = path,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        }));
    }

    /// <summary>A page with cookies of its own.</summary>
    public Task<IPage> OpenAsync(BrowserNewPageOptions? options = null) => browser.NewPageAsync(options);

    /// <summary>Pages that share their cookies.</summary>
    public Task<IBrowserContext> ContextAsync() => browser.NewContextAsync();

    public async ValueTask DisposeAsync()
    {
        await browser.CloseAsync();
        playwright.Dispose();
    }
}

internal static class SigningIn
{
    /// <summary>
    /// Opens the link with the token and waits until it has led to the console's first page. The address is asked for until it is that: to wait for
    /// a navigation (<c>WaitForURLAsync</c>) misses one that ends between the look at the address and the wait.
    /// </summary>
    public static async Task SignInAsync(this IPage page, Uri link)
    {
        await page.GotoAsync(link.AbsoluteUri, new() { WaitUntil = WaitUntilState.Commit });
        await Assertions.Expect(page).ToHaveURLAsync(new Uri(link, "/").AbsoluteUri, new() { Timeout = 30_000 });
    }
}
