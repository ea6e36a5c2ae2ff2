using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Roost.Tests;

/// <summary>A service on a port of its own that answers every request, one connection each, and counts them.</summary>
internal sealed class LoopbackService : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly Task serving;
    private int calls;

    public LoopbackService()
    {
        listener.Start();
        serving = ServeAsync();
    }

    public string Address => $"http://{listener.LocalEndpoint}/charges";

    public int Calls => calls;

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        listener.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync();
                await AnswerAsync(client.GetStream());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It was stopped.
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        var request = new StringBuilder();
        var buffer = new byte[4096];
        do
        {
            int read = await stream.ReadAsync(buffer);
            if (read == 0) return;
            request.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        while (!IsWhole(request.ToString()));
        Interlocked.Increment(ref calls);
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"u8.ToArray());
    }

    private static bool IsWhole(string request) =>
        request.Split("\r\n\r\n", 2) is [var head, var body]
        && (head.Contains("chunked", StringComparison.Ordinal)
            ? body.EndsWith("0\r\n\r\n", StringComparison.Ordinal)
            : !head.Contains("Content-Length", StringComparison.Ordinal) || body.Length > 0);
}
