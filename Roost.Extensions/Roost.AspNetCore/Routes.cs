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

    public static void Map(RouteGroupBuilder console, ConsoleMount mount)
    {
        Page<Overview>(console, "/");
        Page<WorkList>(console, "/work");
        Page<WorkItemPage>(console, "/work/item");
        Page<TreePage>(console, "/work/tree");
        Page<ArtifactPage>(console, "/work/item/artifact");
        Page<Inbox>(console, "/inbox");
        Page<AskPage>(console, "/inbox/question");
        Page<DeadLetters>(console, "/dead-letters");
        Page<Events>(console, "/events");
        Page<Resources>(console, "/resources");
        Page<Artifacts>(console, "/artifacts");
        Page<Engines>(console, "/engines");
        Page<SystemPage>(console, "/system");
        console.MapGet("/work/item/file", ArtifactDownload.SendAsync);
        console.MapGet("/assets/{name}", SendAsset);
        Actions.Map(console, mount);
        console.MapFallback(IResult () => throw new NotFoundException("There is no such page."));
        console.WithMetadata(mount);
        ((IEndpointConventionBuilder)console).Finally(endpoint => endpoint.RequestDelegate = mount.Serve(endpoint.RequestDelegate!));
    }

    private static void Page<TPage>(IEndpointRouteBuilder console, string address) where TPage : IComponent =>
        console.MapGet(address, () => new RazorComponentResult<TPage> { PreventStreamingRendering = true });

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
