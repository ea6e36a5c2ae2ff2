using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Roost.Execution;

namespace Roost.Testing.Http;

/// <summary>An HTTP request as it was when it was sent.</summary>
internal sealed record HttpCall
{
    private const int MostBody = 1024 * 1024;

    /// <summary>What the framework or a proxy adds anew to each.</summary>
    private static readonly string[] Added = ["traceparent", "tracestate", "baggage", "Request-Id", "Correlation-Context", "Date"];

    private HttpCall() { }

    public required HttpMethod Method { get; init; }

    /// <summary>The effect in whose call it was made: its key, and whether it is made again without anybody being asked. Null outside of one.</summary>
    public (string Key, bool IsRepeated)? Effect { get; private init; }

    public required Uri Address { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    /// <summary>The body where it is in memory; null where it is streamed and was not looked at.</summary>
    public required string? Body { get; init; }

    /// <summary>Everything of it, to compare with another try's.</summary>
    public string Signature => $"{Method} {Address}\n{string.Join('\n', Headers.Select(one => $"{one.Key}: {one.Value}"))}\n{Body}";

    public static HttpCall Of(HttpRequestMessage request) => new()
    {
        Method = request.Method,
        Effect = EffectCalls.Here,
        Address = request.RequestUri ?? new("about:blank"),
        Headers = [.. HeadersOf(request.Headers).Concat(request.Content is { } content ? HeadersOf(content.Headers) : []).OrderBy(one => one.Key)],
        Body = request.Content is { } body ? BodyOf(body) : "",
    };

    /// <summary>The text stands in its URL, its headers or its body; a GUID also with hyphens.</summary>
    public bool Contains(string text) => Places(text).Any() || (Guid.TryParse(text, out Guid guid) && Places(guid.ToString()).Any());

    private IEnumerable<string> Places(string text) =>
        Headers.Select(one => one.Value).Append(Address.ToString()).Append(Body ?? "").Where(value => value.Contains(text, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<KeyValuePair<string, string>> HeadersOf(HttpHeaders headers) =>
        headers.NonValidated.Where(one => !Added.Contains(one.Key, StringComparer.OrdinalIgnoreCase))
            .Select(one => KeyValuePair.Create(one.Key, one.Value.ToString()));

    /// <summary>What is in memory can be read twice; a stream could not be sent any more.</summary>
    private static string? BodyOf(HttpContent content)
    {
        if (content is not (ByteArrayContent or ReadOnlyMemoryContent or JsonContent)) return null;
        try
        {
            byte[] bytes = content.ReadAsByteArrayAsync().GetAwaiter().GetResult();
            return bytes.Length <= MostBody ? Encoding.UTF8.GetString(bytes) : null;
        }
        catch (Exception e) when (e is HttpRequestException or InvalidOperationException or NotSupportedException)
        {
            return null; // Sending it will say so.
        }
    }
}
