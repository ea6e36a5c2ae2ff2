using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Roost.Cli.Console;

/// <summary>
/// Who may speak to the console. The Host header is checked against a list before anything else (a rebound name ends here), then the cookie that
/// the printed link was exchanged for; what changes something must come from a page of this very origin as well.
/// </summary>
internal sealed class Admission
{
    private const string TokenParameter = "token";

    private readonly string token = NewSecret();
    private readonly string session = NewSecret();
    private readonly string cookie;
    private readonly HashSet<string> hosts;
    private readonly int port;

    public Admission(IEnumerable<string> names, int port)
    {
        this.port = port;
        cookie = $"roost_{port}"; // Cookies are shared by all ports of a host: two consoles must not log each other out.
        hosts = new(["localhost", "127.0.0.1", "[::1]"], StringComparer.OrdinalIgnoreCase);
        foreach (string name in names)
            hosts.Add(IPAddress.TryParse(name, out IPAddress? address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{address}]" : name);
    }

    /// <summary>The link to print: whoever has it is let in.</summary>
    public Uri Link => new($"http://127.0.0.1:{port}/?{TokenParameter}={token}");

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        SetHeaders(context.Response.Headers);
        if (!IsKnownHost(context.Request.Host))
        {
            await RefuseAsync(context, StatusCodes.Status421MisdirectedRequest, "This host name is not one of the console's. Open the link that roost ui printed.").ConfigureAwait(false);
        }
        else if (HttpMethods.IsGet(context.Request.Method) && context.Request.Query[TokenParameter] is [{ } given])
        {
            await ExchangeAsync(context, given).ConfigureAwait(false);
        }
        else if (!Same(context.Request.Cookies[cookie], session))
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "This console needs the link that roost ui printed when it started; each start makes a new one.").ConfigureAwait(false);
        }
        else if (!IsRead(context.Request.Method) && !IsOwnOrigin(context.Request))
        {
            await RefuseAsync(context, StatusCodes.Status403Forbidden, "Actions are accepted from the console's own pages only.").ConfigureAwait(false);
        }
        else
        {
            await next(context).ConfigureAwait(false);
        }
    }

    public static void SetHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = "default-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'self'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin"; // With no-referrer, a browser would send its own forms with the origin "null".
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
    }

    private bool IsKnownHost(HostString host) => host.HasValue && host.Port == port && hosts.Contains(host.Host);

    private static bool IsRead(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method);

    private static bool IsOwnOrigin(HttpRequest request) =>
        request.Headers.Origin is [{ } origin] && string.Equals(origin, $"http://{request.Host.Value}", StringComparison.OrdinalIgnoreCase)
        && request.Headers["Sec-Fetch-Site"] is [] or ["same-origin"];

    /// <summary>Answers with a page that goes on by itself: after a redirect from a foreign page, a browser would withhold the strict cookie.</summary>
    private async Task ExchangeAsync(HttpContext context, string given)
    {
        if (!Same(given, token))
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "This link belongs to an earlier start of roost ui. Use the one that it printed last.").ConfigureAwait(false);
            return;
        }
        context.Response.Cookies.Append(cookie, session, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true });
        context.Response.Headers["Referrer-Policy"] = "no-referrer"; // This address alone holds the token.
        context.Response.ContentType = "text/html; charset=utf-8";
        await context.Response.WriteAsync("<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=\"0;url=/\"><link rel=icon href=/assets/roost.svg><title>Roost</title><a href=\"/\">Continue</a>").ConfigureAwait(false);
    }

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
