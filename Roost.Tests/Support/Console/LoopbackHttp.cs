using System.Net;
using System.Net.Sockets;

namespace Roost.Tests.Support;

/// <summary>
/// Connects to this machine whatever the host is called, as a browser does for names under .localhost; not every system's resolver knows them.
/// </summary>
internal static class LoopbackHttp
{
    public static SocketsHttpHandler Handler(bool cookies = true) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = cookies,
        UseProxy = false,
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };
}
