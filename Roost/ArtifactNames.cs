namespace Roost;

/// <summary>What an extension says about an artifact.</summary>
internal static class ArtifactNames
{
    /// <summary>The largest content that is handled in one piece, in memory.</summary>
    public const int MaxInMemoryBytes = 256 * 1024 * 1024;

    private static readonly string[] Kinds = ["auto", "patch", "log", "report", "binary", "json", "other"];

    public static string Name(this ArtifactKind kind) => Kinds[(int)kind];

    public static ArtifactKind ParseKind(string name) => Array.IndexOf(Kinds, name) is var known and > 0 ? (ArtifactKind)known : ArtifactKind.Other;

    public static ArtifactKind KindOf(string fileName) => Path.GetExtension(fileName).ToLowerInvariant() switch
    {
        ".patch" or ".diff" => ArtifactKind.Patch,
        ".log" => ArtifactKind.Log,
        ".md" or ".txt" or ".html" or ".htm" or ".pdf" => ArtifactKind.Report,
        ".json" => ArtifactKind.Json,
        ".bin" or ".zip" or ".gz" or ".tar" or ".exe" or ".dll" => ArtifactKind.Binary,
        _ => ArtifactKind.Other,
    };

    public static string MediaTypeOf(string fileName) => Path.GetExtension(fileName).ToLowerInvariant() switch
    {
        ".json" => "application/json",
        ".txt" or ".log" or ".patch" or ".diff" => "text/plain",
        ".md" => "text/markdown",
        ".html" or ".htm" => "text/html",
        ".csv" => "text/csv",
        ".xml" => "application/xml",
        ".pdf" => "application/pdf",
        ".png" => "image/png",
        ".jpg" or ".jpeg" => "image/jpeg",
        ".gif" => "image/gif",
        ".svg" => "image/svg+xml",
        ".webp" => "image/webp",
        ".zip" => "application/zip",
        ".gz" => "application/gzip",
        _ => "application/octet-stream",
    };
}
