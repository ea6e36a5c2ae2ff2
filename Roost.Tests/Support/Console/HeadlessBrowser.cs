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
