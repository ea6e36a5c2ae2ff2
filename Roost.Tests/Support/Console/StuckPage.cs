using System.Net;
using System.Net.Sockets;

namespace Roost.Tests.Support;

/// <summary>An address that takes a request and never answers it.</summary>
internal sealed class StuckPage : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Task<TcpClient> asked;

    public StuckPage()
    {
        listener.Start();
        asked = listener.AcceptTcpClientAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";

    public Task Asked => asked;

    public void Dispose()
    {
        if (asked.IsCompletedSuccessfully) asked.Result.Dispose();
        listener.Dispose();
    }
}
