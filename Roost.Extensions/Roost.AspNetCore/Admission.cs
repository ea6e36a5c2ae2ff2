using System.Security.Cryptography;
using System.Text;

namespace Roost.AspNetCore;

/// <summary>
/// Who may speak to the console. The Host header is compared with a list before anything else (a rebound name ends here), then the cookie that
/// the printed link was exchanged for; what changes something must come from a page of this very origin as well.
/// </summary>
/// <remarks>
/// A browser sends a cookie to every port of its host, and SameSite and Path keep none from another port: a cookie of 127.0.0.1 reaches whatever
/// else listens on this machine, which could act with it. So the session lives on a host name of its own, made at random at each start, under
/// .localhost: browsers look for those names on this machine without asking anybody (Chromium does; curl as well), no other port is ever
/// asked for by that name, and what comes by 127.0.0.1 is another site to it. The name is as hard to guess as the token, and is told only to who
/// has that. Where a program does not know such names (a browser that asks the system's resolver, where that does not know them), the link leads
/// nowhere; then a name that was given by --host or --public-url carries the session, and shares its cookies with that name's other ports.
/// Ports are not compared: behind a tunnel or a proxy the browser sends another, and a page that was rebound to this server has a name of its own.
/// </remarks>
internal sealed class Admission
{
    private const string TokenParameter = "token";

    private readonly string token = NewSecret();
    private readonly string session = NewSecret();
    private readonly string cookie;
    private readonly string own = $"roost-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}.localhost";
    private readonly string[] named;
    private readonly HashSet<string> hosts;
    private readonly Uri? publicUrl;
    private readonly string? publicHost;
    private readonly bool isOnEveryAddress;
    private readonly int port;

    public Admission(IEnumerable<string> names, Uri? publicUrl, int port)
    {
        this.port = port;
        this.publicUrl = publicUrl;
        cookie = $"roost_{port}"; // A named host may have two consoles, which must not log each other out.
        string[] all = [.. names.Select(name => HostName.Of(name)!)];
        isOnEveryAddress = all.Any(IsWildcard);
        named = [.. all.Where(name => !IsWildcard(name)).Distinct(StringComparer.Ordinal)];
        publicHost = publicUrl is null ? null : HostName.Of(publicUrl.IdnHost);
        hosts = [own, .. named];
        if (publicHost is not null) hosts.Add(publicHost);
    }

    /// <summary>The link to print: whoever has it is let in.</summary>
    public Uri Link => publicUrl is null ? LinkOf(own) : new(publicUrl, $"/?{TokenParameter}={token}");

    /// <summary>The same on the hosts that were named.</summary>
    public IReadOnlyList<Uri> OtherLinks => [.. (publicUrl is null ? named : [own, .. named]).Select(LinkOf)];

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        SecurityHeaders.Set(context.Response.Headers);
        string? host = HostName.Of(context.Request.Host.Host);
        string? given = HttpMethods.IsGet(context.Request.Method) && context.Request.Query[TokenParameter] is [{ } asked] ? asked : null;
        if (host is null || !(IsSessionHost(host, context) || HostName.IsLoopback(host)))
        {
            await RefuseAsync(
                    context,
                    StatusCodes.Status421MisdirectedRequest,
                    "This host name is not one of the console's. Open the link that roost ui printed; name other hosts by --host, and the address of a " +
                    "proxy by --public-url."
                )
                .ConfigureAwait(false);
        }
        else if (given is not null)
        {
            await ExchangeAsync(context, given, host).ConfigureAwait(false);
        }
        else if (!IsSessionHost(host, context) || !Same(context.Request.Cookies[CookieOf(host)], session))
        {
            await RefuseAsync(
                    context,
                    StatusCodes.Status401Unauthorized,
                    "This console needs the link that roost ui printed when it started; each start makes a new one."
                )
                .ConfigureAwait(false);
        }
        else if (!IsRead(context.Request.Method) && !IsOwnOrigin(context.Request, host))
        {
            await RefuseAsync(
                    context,
                    StatusCodes.Status403Forbidden,
                    "Actions are accepted from the console's own pages only. Behind a proxy, give the address that the browser shows by --public-url."
                )
                .ConfigureAwait(false);
        }
        else
        {
            await next(context).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Whether a session may live on this host. Of every address that is listened on, that is the one which the connection came to: nobody can rebind an
    /// address.
    /// </summary>
    private bool IsSessionHost(string host, HttpContext context) =>
        hosts.Contains(host)
        || (isOnEveryAddress && !HostName.IsLoopback(host) && context.Connection.LocalIpAddress is { } local && host == HostName.Of(local));

    private static bool IsWildcard(string host) => host is "0.0.0.0" or "[::]";

    private static bool IsRead(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    /// <summary>The origin of a page is the address that the browser was given: its scheme, host and port, the usual port left out.</summary>
    private bool IsOwnOrigin(HttpRequest request, string host)
    {
        if (
            request.Headers.Origin is not [{ } sent]
            || !Uri.TryCreate(sent, UriKind.Absolute, out Uri? origin)
            || request.Headers["Sec-Fetch-Site"] is not ([] or ["same-origin"])
        )
            return false;
        if (HostName.Of(origin.IdnHost) != host)
            return false;
        if (host == publicHost)
            return origin.Scheme == publicUrl!.Scheme && origin.Port == publicUrl.Port;
        return origin.Scheme == Uri.UriSchemeHttp && origin.Port == (request.Host.Port ?? 80);
    }

    /// <summary>
    /// Answers with a page that goes on by itself: after a redirect from a foreign page, a browser would withhold the strict cookie. On a loopback
    /// address, which every port shares, no cookie is set: the page leads to the name that is the console's own.
    /// </summary>
    private async Task ExchangeAsync(HttpContext context, string given, string host)
    {
        if (!Same(given, token))
        {
            await RefuseAsync(
                    context,
                    StatusCodes.Status401Unauthorized,
                    "This link belongs to an earlier start of roost ui. Use the one that it printed last."
                )
                .ConfigureAwait(false);
            return;
        }
        string target = "/", more = "";
        if (IsSessionHost(host, context))
        {
            bool isSecure = host == publicHost && publicUrl!.Scheme == Uri.UriSchemeHttps;
            context.Response.Cookies.Append(
                CookieOf(host),
                session,
                new CookieOptions
                {
                    HttpOnly = true,
                    Secure = isSecure,
                    SameSite = SameSiteMode.Strict,
                    Path = "/",
                    IsEssential = true,
                }
            );
        }
        else
        {
            target = new UriBuilder(Uri.UriSchemeHttp, own, context.Request.Host.Port ?? 80, "/", $"?{TokenParameter}={token}").Uri.AbsoluteUri;
            more =
                $"<p>This leads to {own}, a name of this machine that only this console has. Where the browser does not find it, start the console with " +
                $"<code>roost ui --host {host}</code>.";
        }
        context.Response.Headers["Referrer-Policy"] = "no-referrer"; // This address alone holds the token.
        context.Response.ContentType = "text/html; charset=utf-8";
        await context
            .Response.WriteAsync(
                $"<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=\"0;url={target}\"><link rel=icon " +
                $"href=/assets/roost.svg><title>Roost</title><a href=\"{target}\">Continue</a>{more}"
            )
            .ConfigureAwait(false);
    }

    /// <summary>On an address of https, the prefix keeps other hosts of its domain from setting this cookie.</summary>
    private string CookieOf(string host) => host == publicHost && publicUrl!.Scheme == Uri.UriSchemeHttps ? $"__Host-{cookie}" : cookie;

    private Uri LinkOf(string host) => new UriBuilder(Uri.UriSchemeHttp, host, port, "/", $"?{TokenParameter}={token}").Uri;

    private static async Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.Connection = "close";
        await context.Response.WriteAsync(why + "\n").ConfigureAwait(false);
    }

    private static bool Same(string? given, string expected) =>
        given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected));

    private static string NewSecret() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
}
