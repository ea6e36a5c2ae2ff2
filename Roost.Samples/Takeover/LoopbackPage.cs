using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Roost.Samples.Takeover;

/// <summary>What a page answers.</summary>
internal sealed record PageAnswer(int Status, byte[] Body)
{
    public static PageAnswer Html(string text, int status = 200) => new(status, Encoding.UTF8.GetBytes(text));
}

/// <summary>A page on a free loopback port. It answers each request, counted from 1, as it is told, and then closes the connection.</summary>
internal sealed class LoopbackPage : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource closing = new();
    private readonly Func<int, CancellationToken, Task<PageAnswer>> answer;
    private readonly Task accepting;
    private int requests;

    public LoopbackPage(Func<int, CancellationToken, Task<PageAnswer>> answer)
    {
        this.answer = answer;
        listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";
        accepting = AcceptAsync();
    }

    public string Url { get; }

    /// <summary>How many requests have come in.</summary>
    public int Requests => Volatile.Read(ref requests);

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        listener.Dispose();
        await accepting;
        closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        var answering = new List<Task>();
        try
        {
            while (true) answering.Add(AnswerAsync(await listener.AcceptTcpClientAsync(closing.Token)));
        }
        catch (Exception e) when (closing.IsCancellationRequested && e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(answering);
        }
    }

    private async Task AnswerAsync(TcpClient connection)
    {
        try
        {
            using TcpClient client = connection;
            NetworkStream stream = client.GetStream();
            if (!await ReadRequestAsync(stream)) return;
            PageAnswer page = await answer(Interlocked.Increment(ref requests), closing.Token);
            string head =
                $"HTTP/1.1 {page.Status} Sample\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {page.Body.Length}\r\nConnection: close\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), closing.Token);
            await stream.WriteAsync(page.Body, closing.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // The client is gone, killed perhaps, or the page closes.
        }
    }

    private async Task<bool> ReadRequestAsync(NetworkStream stream)
    {
        var head = new byte[16 * 1024];
        int length = 0, read;
        while (length < head.Length && (read = await stream.ReadAsync(head.AsMemory(length), closing.Token)) > 0)
        {
            length += read;
            if (head.AsSpan(0, length).EndsWith("\r\n\r\n"u8)) return true;
        }
        return false;
    }
}
