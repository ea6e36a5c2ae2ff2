using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;
using Roost.AspNetCore.Pages;

namespace Roost.AspNetCore;

/// <summary>Every address of the console.</summary>
internal static class Routes
{
    private static readonly FrozenDictionary<string, (byte[] Bytes, string Type, string Tag)> Assets = new[]
    {
        Asset("console.css", "text/css; charset=utf-8"), Asset("console.js", "text/javascript; charset=utf-8"), Asset("roost.svg", "image/svg+xml"),
    }.ToFrozenDictionary(asset => asset.Name, asset => (asset.Bytes, asset.Type, asset.Tag));

    public static void Map(WebApplication application, ConsoleOptions options)
    {
        Page<Overview>(application, "/");
        Page<WorkList>(application, "/work");
        Page<WorkItemPage>(application, "/work/item");
        Page<TreePage>(application, "/work/tree");
        Page<ArtifactPage>(application, "/work/item/artifact");
        Page<Inbox>(application, "/inbox");
        Page<AskPage>(application, "/inbox/question");
        Page<DeadLetters>(application, "/dead-letters");
        Page<Events>(application, "/events");
        Page<Resources>(application, "/resources");
        Page<Artifacts>(application, "/artifacts");
        Page<Engines>(application, "/engines");
        Page<SystemPage>(application, "/system");
        application.MapGet("/work/item/file", ArtifactDownload.SendAsync);
        application.MapGet("/assets/{name}", SendAsset);
        Actions.Map(application, options);
        application.MapFallback(IResult () => throw new NotFoundException("There is no such page."));
    }

    private static void Page<TPage>(WebApplication application, string address) where TPage : IComponent =>
        application.MapGet(address, () => new RazorComponentResult<TPage> { PreventStreamingRendering = true });

    private static async Task SendAsset(string name, HttpContext context)
    {
        if (!Assets.TryGetValue(name, out (byte[] Bytes, string Type, string Tag) asset)) throw new NotFoundException("There is no such file.");
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.ETag = asset.Tag;
        if (context.Request.Headers.IfNoneMatch.Contains(asset.Tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        context.Response.ContentType = asset.Type;
        await context.Response.Body.WriteAsync(asset.Bytes, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Embedded in the assembly: the packed tool and a fresh clone find them alike, from any folder.</summary>
    private static (string Name, byte[] Bytes, string Type, string Tag) Asset(string name, string type)
    {
        using Stream stream = typeof(Routes).Assembly.GetManifestResourceStream($"console/{name}")!;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return (name, bytes, type, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"");
    }
}
