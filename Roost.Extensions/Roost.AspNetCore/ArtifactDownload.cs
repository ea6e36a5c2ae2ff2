using System.Globalization;
using System.Net.Mime;
using Microsoft.Net.Http.Headers;
using Roost.AspNetCore.Output;

namespace Roost.AspNetCore;

/// <summary>Sends an artifact's bytes: to be saved, or, for raster images alone, to be shown. Nothing of it can run in the console's origin.</summary>
internal static class ArtifactDownload
{
    public const int MaxImageBytes = 20 * 1024 * 1024;

    public static async Task SendAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        string name = query["name"].ToString();
        int? version = int.TryParse(query["version"], NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : null;
        RoostRuntime roost = ConsoleMount.Of(context).Runtime;
        Stream content = await roost.OpenArtifactAsync(query["id"].ToString(), name, version, context.RequestAborted).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            string? image = query["show"] == "1" ? await ImageTypeAsync(content, context.RequestAborted).ConfigureAwait(false) : null;
            IHeaderDictionary headers = context.Response.Headers;
            headers.ContentSecurityPolicy = "default-src 'none'; sandbox; frame-ancestors 'none'";
            headers.ContentType = image ?? MediaTypeNames.Application.Octet;
            headers.ContentLength = content.Length;
            if (image is null)
            {
                var disposition = new ContentDispositionHeaderValue("attachment");
                disposition.SetHttpFileName(ArtifactFileName.Of(name));
                headers.ContentDisposition = disposition.ToString();
            }
            await content.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        }
    }

    /// <summary>Told from the bytes, whatever the artifact's name or media type says; null for everything but the common raster formats.</summary>
    public static async Task<string?> ImageTypeAsync(Stream content, CancellationToken cancellationToken)
    {
        if (content.Length is < 16 or > MaxImageBytes) return null;
        byte[] start = new byte[16];
        await content.ReadExactlyAsync(start, cancellationToken).ConfigureAwait(false);
        content.Position = 0;
        ReadOnlySpan<byte> bytes = start;
        if (bytes[0] == 0x89 && bytes[1..].StartsWith("PNG\r\n\x1a\n"u8)) return MediaTypeNames.Image.Png;
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return MediaTypeNames.Image.Jpeg;
        if (bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8)) return MediaTypeNames.Image.Gif;
        return bytes.StartsWith("RIFF"u8) && bytes[8..].StartsWith("WEBP"u8) ? "image/webp" : null;
    }
}
