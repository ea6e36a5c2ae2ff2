using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Roost.AspNetCore.Output;

namespace Roost.AspNetCore;

/// <summary>The local console: Kestrel on the loopback addresses, pages rendered on the server.</summary>
public sealed class ConsoleServer : IAsyncDisposable
{
    private const int MaxBodyBytes = 64 * 1024;
    private const int PortTries = 10;
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);

    private readonly WebApplication application;
    private readonly RoostRuntime? owned;

    private ConsoleServer(WebApplication application, Admission admission, RoostRuntime? owned)
    {
        this.application = application;
        this.owned = owned;
        (Link, OtherLinks) = (admission.Link, admission.OtherLinks);
    }

    /// <summary>
    /// The address to open, with the token that lets a browser in: on a host name of the console's own under .localhost, or that of <see
    /// cref="ConsoleServerOptions.PublicUrl"/>.
    /// </summary>
    public Uri Link { get; }

    /// <summary>The same on each of <see cref="ConsoleServerOptions.Hosts"/>, and where there is a public address, on the console's own name.</summary>
    public IReadOnlyList<Uri> OtherLinks { get; }

    /// <summary>Serves until cancelled; prints the link when it is ready.</summary>
    /// <returns>The exit code: 0.</returns>
    public static async Task<int> RunAsync(ConsoleServerOptions options, CancellationToken cancellationToken)
    {
        ConsoleServer server = await StartAsync(options, cancellationToken).ConfigureAwait(false);
        await using (server.ConfigureAwait(false))
        {
            TextWriter output = options.Output ?? Console.Out;
            await output.WriteLineAsync($"The console is at {server.Link}").ConfigureAwait(false);
            foreach (Uri other in server.OtherLinks)
                await output.WriteLineAsync($"Also at {other} (a cookie of {other.Host} goes to all ports of that host)").ConfigureAwait(false);
            if (server.OtherLinks.Count == 0)
                await output.WriteLineAsync("Where the browser does not find that name, start it with --host 127.0.0.1.").ConfigureAwait(false);
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            await server.application.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
        }
        return 0;
    }

    /// <summary>Starts serving. Dispose the server to stop.</summary>
    /// <exception cref="InvalidInputException">A host is neither a name nor an address, or the public address has more than a scheme, a host and a
    /// port.</exception>
    /// <exception cref="RoostException">The file is missing or refused, or the address cannot be listened on.</exception>
    public static async Task<ConsoleServer> StartAsync(ConsoleServerOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        Check(options);
        RoostRuntime? owned = options.Runtime is null ? Open(options.Path) : null;
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                int port = options.Port != 0 ? options.Port : FreePort();
                var admission = new Admission(options.Hosts, options.PublicUrl, port);
                WebApplication application = await BuildAsync(options, options.Runtime ?? owned!, admission, port, cancellationToken).ConfigureAwait(false);
                try
                {
                    await application.StartAsync(cancellationToken).ConfigureAwait(false);
                    return new(application, admission, owned);
                }
                catch (Exception error) when (error is IOException or SocketException)
                {
                    await application.DisposeAsync().ConfigureAwait(false);
                    if (options.Port == 0 && error is IOException && attempt < PortTries)
                        continue; // Another program took the free port meanwhile.
                    throw new RoostException(
                        $"Port {port} of {string.Join(", ", options.Hosts.Prepend("the loopback addresses"))} cannot be listened on: " +
                        $"{error.Message.TrimEnd('.')}. Name another port, or 0 for a free one; a host must be one of this machine.",
                        error
                    );
                }
            }
        }
        catch when (owned is not null)
        {
            await owned.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops serving.</summary>
    public async ValueTask DisposeAsync()
    {
        await application.StopAsync().ConfigureAwait(false);
        await application.DisposeAsync().ConfigureAwait(false);
        if (owned is not null) await owned.DisposeAsync().ConfigureAwait(false);
    }

    private static void Check(ConsoleServerOptions options)
    {
        foreach (string host in options.Hosts)
            if (HostName.Of(host) is null)
                throw new InvalidInputException(
                    "Hosts",
                    $"\"{host}\" is neither an address nor a name. Give it without scheme and port; the address of a proxy or a tunnel is a public address."
                );
        if (options.PublicUrl is not { } url)
            return;
        if (!url.IsAbsoluteUri || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || HostName.Of(url.IdnHost) is null)
            throw new InvalidInputException(
                "PublicUrl",
                $"\"{url}\" is no address of http or https; give the one that the browser shows, such as https://roost.example.com."
            );
        if (url.PathAndQuery != "/" || url.Fragment.Length > 0 || url.UserInfo.Length > 0)
            throw new InvalidInputException(
                "PublicUrl",
                $"\"{url}\" has more than a scheme, a host and a port; the console's pages are at the root of their host."
            );
    }

    private static RoostRuntime Open(string? path)
    {
        if (string.IsNullOrWhiteSpace(path)) throw new InvalidInputException("path", "is empty; name the data file to look into.");
        if (!File.Exists(path)) throw new NotFoundException($"There is no data file {System.IO.Path.GetFullPath(path)}. Name the one to look into.");
        return new RoostRuntime(path);
    }

    private static async Task<WebApplication> BuildAsync(
        ConsoleServerOptions options,
        RoostRuntime roost,
        Admission admission,
        int port,
        CancellationToken cancellationToken
    )
    {
        // Nothing of the working directory, such as an appsettings.json beside the data file, may configure the server.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        IPAddress[] addresses = await AddressesAsync(options.Hosts, cancellationToken).ConfigureAwait(false);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            // Some hundred slow clients must neither keep a person out nor hold their places for long.
            kestrel.Limits.MaxConcurrentConnections = 1000;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(30);
            foreach (IPAddress address in addresses) kestrel.Listen(address, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopPatience); // However slowly a client takes its page.
        builder.Services.AddRoutingCore();
        builder.Services.AddLogging();
        builder.Services.AddRoostConsole();
        builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
        builder.Services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = $"roost_{port}_form";
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.HttpOnly = true;
        });

        WebApplication application = builder.Build();
        application.Use(next => context => admission.InvokeAsync(context, next));
        var mount = new ConsoleMount("", options, () => roost, ReportAsync, "on the standard error of roost ui");
        application.Use(next => mount.Serve(next)); // What ends before it has an address of the console as well.
        application.UseRouting();
        Routes.Map(application.MapGroup(""), mount);
        return application;
    }

    private static Task ReportAsync(HttpContext context, Exception defect) =>
        Console.Error.WriteLineAsync(Text.Lines($"{context.Request.Path}: {defect}"));

    /// <summary>Loopback, and what was named beyond it.</summary>
    private static async Task<IPAddress[]> AddressesAsync(IReadOnlyList<string> hosts, CancellationToken cancellationToken)
    {
        List<IPAddress> addresses = [IPAddress.Loopback];
        if (HasLoopback6()) addresses.Add(IPAddress.IPv6Loopback);
        foreach (string host in hosts)
        {
            string name = HostName.Of(host)!;
            if (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
                addresses.Add(address);
            else if (!HostName.IsLoopback(name) && !HostName.IsUnderLocalhost(name))
                addresses.AddRange(await LookUpAsync(host, cancellationToken).ConfigureAwait(false));
        }
        // A wildcard listens on the loopback addresses too, and a second listener on the same port would be refused.
        if (addresses.Contains(IPAddress.IPv6Any))
            return [IPAddress.IPv6Any];
        if (addresses.Contains(IPAddress.Any))
            addresses.RemoveAll(address => address.AddressFamily == AddressFamily.InterNetwork && !address.Equals(IPAddress.Any));
        return [.. addresses.Distinct()];
    }

    private static async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is SocketException or ArgumentException)
        {
            throw new InvalidInputException("Hosts", $"\"{host}\" is neither an address nor a name that this machine knows: {error.Message}", error);
        }
    }

    private static bool HasLoopback6()
    {
        if (!Socket.OSSupportsIPv6) return false;
        try
        {
            using var probe = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }
}
