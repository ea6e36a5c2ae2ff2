using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Roost.Tests.Support;

/// <summary>A connection to a server on which bytes are written as they are.</summary>
internal sealed class RawRequest : IDisposable
{
    private readonly TcpClient client = new();

    private RawRequest() { }

    public static async Task<RawRequest> OpenAsync(Uri server)
    {
        var request = new RawRequest();
        await request.client.ConnectAsync(IPAddress.Loopback, server.Port);
        return request;
    }

    /// <summary>Sends what it can: a server that has said enough already may close.</summary>
    public async Task SendAsync(string text)
    {
        try
        {
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text));
        }
        catch (IOException)
        {
            // It is closed, and its answer says why.
        }
    }

    /// <summary>The status that is answered; null where the connection is closed without one, or in another protocol.</summary>
    public async Task<int?> StatusAsync() =>
        await StartAsync() is { Length: >= 12 } start && int.TryParse(Encoding.ASCII.GetString(start, 9, 3), out int status) ? status : null;

    /// <summary>The first bytes of what is answered; none where the connection is closed without.</summary>
    public async Task<byte[]> StartAsync()
    {
        byte[] start = new byte[17]; // The least that an answer has.
        try
        {
            int read = await client.GetStream().ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false).AsTask().WaitAsync(Gate.Patience);
            return start[..read];
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return []; // It is closed, by the server while we still wrote.
        }
    }

    /// <summary>Whether the server has closed it; waits that long.</summary>
    public async Task<bool> IsClosedAsync(TimeSpan patience)
    {
        byte[] rest = new byte[4096];
        try
        {
            while (await client.GetStream().ReadAsync(rest).AsTask().WaitAsync(patience) > 0) { }
            return true;
        }
        catch (IOException)
        {
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public void Dispose() => client.Dispose();
}
