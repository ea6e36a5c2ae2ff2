using System.Globalization;

namespace Roost.AspNetCore;

/// <summary>Addresses within the console. Ids and names are always in the query, where any character may stand.</summary>
internal static class Places
{
    public static string Item(string id) => "/work/item" + Query(("id", id));

    public static string Tree(string id) => "/work/tree" + Query(("id", id));

    public static string Artifact(Artifact artifact) => "/work/item/artifact" + Of(artifact);

    public static string File(Artifact artifact) => "/work/item/file" + Of(artifact);

    public static string Work(params (string Name, string? Value)[] fields) => "/work" + Query(fields);

    public static string Event(long sequence) => "/events" + Query(("no", sequence.ToString(CultureInfo.InvariantCulture)));

    public static string Ask(string id) => "/inbox/question" + Query(("id", id));

    public static string ArtifactOf(string id, string name) => "/work/item/artifact" + Query(("id", id), ("name", name));

    public static string Events(string id) => "/events" + Query(("id", id));

    private static QueryString Of(Artifact artifact) =>
        Query(("id", artifact.WorkId), ("name", artifact.Name), ("version", artifact.Version.ToString(CultureInfo.InvariantCulture)));

    private static QueryString Query(params (string Name, string? Value)[] fields) =>
        QueryString.Create(fields.Select(one => KeyValuePair.Create(one.Name, one.Value)));
}
