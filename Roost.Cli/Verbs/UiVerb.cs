using System.CommandLine;
using Roost.Cli.Console;

namespace Roost.Cli.Verbs;

/// <summary>Serves the local console until it is stopped.</summary>
internal sealed class UiVerb : Verb
{
    private readonly Option<int> port = new("--port") { Description = "The port. Default: a free one.", HelpName = "number" };
    private readonly Option<string[]> host = new("--host") { Description = "An address or name to listen on beyond the loopback ones; may be repeated.", HelpName = "name" };
    private readonly Option<bool> readOnly = new("--read-only") { Description = "Refuse every action." };

    public UiVerb() : base("ui", "Serve the console on the loopback addresses and print its link.") => Take(port, host, readOnly);

    protected override Task<int> RunAsync(Call call) => ConsoleServer.RunAsync(
        new ConsoleOptions
        {
            Path = call.Database.Path,
            Port = call.Get(port),
            Hosts = call.Get(host) ?? [],
            ReadOnly = call.Get(readOnly),
            Reveal = call.IsRevealed,
            SecretKeys = call.SecretKeys,
        },
        call.Stop);
}
