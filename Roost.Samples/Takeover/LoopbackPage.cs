using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Roost.Samples.Takeover;

/// <summary>What a page is asked for.</summary>
/// <param name="Number">Which request it is, from 1.</param>
/// <param name="Path">Such as <c>/tools/pay</c>.</param>
/// <param name="Key">Its header <c>Idempotency-Key</c>; null without one.</param>
/// <param name="Body">What was sent with it.</param>
internal sealed record PageRequest(int Number, string Path, string? Key, byte[] Body);

/// <summary>What a page answers.</summary>
internal sealed record PageAnswer(int Status, byte[] Body, string Type = "text/html; charset=utf-8")
{
    public static PageAnswer Html(string text, int status = 200) => new(status, Encoding.UTF8.GetBytes(text));

    public static PageAnswer Json(string text) => new(200, Encoding.UTF8.GetBytes(text), "application/json");
}

/// <summary>A page on a free loopback port. It answers each request as it is told, and then closes the connection.</summary>
internal sealed class LoopbackPage : IAsyncDisposable
{
    private const int MaxRequest = 256 * 1024;

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource closing = new();
    private readonly Func<PageRequest, CancellationToken, Task<PageAnswer>> answer;
    private readonly Task accepting;
    private int requests;

    public LoopbackPage(Func<PageRequest, CancellationToken, Task<PageAnswer>> answer)
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
            if (await ReadRequestAsync(stream) is not { } request) return;
            PageAnswer page = await answer(request, closing.Token);
            string head =
                $"HTTP/1.1 {page.Status} Sample\r\nContent-Type: {page.Type}\r\nContent-Length: {page.Body.Length}\r\nConnection: close\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), closing.Token);
            await stream.WriteAsync(page.Body, closing.Token);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // The client is gone, killed perhaps, or the page closes.
        }
    }

    private async Task<PageRequest?> ReadRequestAsync(NetworkStream stream)
    {
        var bytes = new byte[MaxRequest];
        int length = 0, read;
        while (length < bytes.Length && (read = await stream.ReadAsync(bytes.AsMemory(length), closing.Token)) > 0)
        {
            length += read;
            int headLength = bytes.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (headLength < 0) continue;
            string[] head = Encoding.ASCII.GetString(bytes, 0, headLength).Split("\r\n");
            int body = headLength + 4, end = body + int.Parse(HeaderOf(head, "Content-Length") ?? "0", CultureInfo.InvariantCulture);
            if (length >= end) return new(Interlocked.Increment(ref requests), head[0].Split(' ')[1], HeaderOf(head, "Idempotency-Key"), bytes[body..end]);
        }
        return null;
    }

    private static string? HeaderOf(string[] head, string name) =>
        head.FirstOrDefault(line => line.StartsWith($"{name}:", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..].Trim();
}
