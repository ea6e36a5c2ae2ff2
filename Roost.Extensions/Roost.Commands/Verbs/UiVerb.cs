using System.CommandLine;
using Roost.AspNetCore;

namespace Roost.Commands.Verbs;

/// <summary>Serves the local console until it is stopped.</summary>
internal sealed class UiVerb : Verb
{
    private readonly Option<int> port = new("--port") { Description = "The port. Default: a free one.", HelpName = "number" };
    private readonly Option<string[]> host = new("--host")
    {
        Description = "An address or name to listen on beyond the loopback ones, and to open the console by; may be repeated.",
        HelpName = "name",
    };
    private readonly Option<string> publicUrl = new("--public-url")
    {
        Description = "The address that the browser uses, where a proxy or a tunnel is between.",
        HelpName = "url",
    };
    private readonly Option<bool> readOnly = new("--read-only") { Description = "Refuse every action." };

    public UiVerb() : base("ui", "Serve the console on the loopback addresses and print its link.") => Take(port, host, publicUrl, readOnly);

    protected override Task<int> RunAsync(Call call)
    {
        string[] hosts = call.Get(host) ?? [];
        // An empty name would mean every address of this machine.
        if (hosts.Any(string.IsNullOrWhiteSpace)) throw new UsageException("--host is empty; name an address or a host.");
        if (call.Get(port) is < 0 or > 65_535) throw new UsageException($"--port is {call.Get(port)}; give 1 to 65535, or 0 for a free one.");
        return ConsoleServer.RunAsync(
            new ConsoleServerOptions
            {
                Path = call.Database.Path,
                Port = call.Get(port),
                Hosts = hosts,
                PublicUrl = call.Get(publicUrl) is { } url ? AddressOf(url) : null,
                ReadOnly = call.Get(readOnly),
                Reveal = call.IsRevealed,
                Output = call.Print.Output,
                SecretKeys = call.SecretKeys,
            },
            call.Stop);
    }

    private static Uri AddressOf(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? address)
            ? address
            : throw new UsageException($"--public-url is \"{url}\"; give the address that the browser shows, such as https://roost.example.com.");
}
