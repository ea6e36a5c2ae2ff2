namespace Roost;

/// <summary>Which artifacts a list shows. What is left out does not narrow it.</summary>
public sealed record ArtifactFilter
{
    /// <summary>Artifacts of this engine's items alone. Default: of any.</summary>
    public string? Engine { get; init; }

    /// <summary>Artifacts whose name holds this text, in either case. Default: any.</summary>
    public string? Name { get; init; }
}
