using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Roost.Samples.Watchlist;

/// <summary>Looks at one address over HTTP. No answer is an answer too: what cannot be reached comes back as an observation.</summary>
public sealed class PageProbe(HttpClient http, TimeSpan timeout)
{
    /// <summary>How much of a body is read, in bytes.</summary>
    public const int MaxBody = 4 * 1024 * 1024;

    /// <summary>A probe that waits ten seconds for the whole answer.</summary>
    public static PageProbe Default { get; } = new(new HttpClient(), TimeSpan.FromSeconds(10));

    /// <summary>Fetches the address once.</summary>
    public async Task<Observation> ObserveAsync(string url, string claim, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(timeout);
        long began = Stopwatch.GetTimestamp();
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri(url), HttpCompletionOption.ResponseHeadersRead, limited.Token);
            (byte[] body, bool isCut) = await ReadAsync(answer.Content, limited.Token);
            bool found = answer.IsSuccessStatusCode && TextOf(body, answer.Content.Headers.ContentType).Contains(claim, StringComparison.Ordinal);
            return new(now, (int)answer.StatusCode, Since(began), Convert.ToHexStringLower(SHA256.HashData(body)), isCut, found, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return NotReached($"no complete answer within {timeout.TotalSeconds} s");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return NotReached(e.Message);
        }

        Observation NotReached(string error) => new(now, null, Since(began), null, false, false, error);
    }

    private static async Task<(byte[] Body, bool IsCut)> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        await using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
        using var body = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            int room = MaxBody - (int)body.Length;
            body.Write(buffer, 0, Math.Min(read, room));
            if (read > room) return (body.ToArray(), true);
        }
        return (body.ToArray(), false);
    }

    private static string TextOf(byte[] body, MediaTypeHeaderValue? type)
    {
        try
        {
            return Encoding.GetEncoding(type?.CharSet?.Trim('"') ?? "utf-8").GetString(body);
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8.GetString(body); // An unknown charset; most pages are readable as UTF-8 all the same.
        }
    }

    private static double Since(long began) => Math.Round(Stopwatch.GetElapsedTime(began).TotalMilliseconds, 1);
}
