using System.Text.Json.Nodes;

namespace Roost.Commands.Output;

/// <summary>A tree as --json gives it: each item with the facts of its line at the top, and what is of the tree beside them.</summary>
internal static class TreeJson
{
    public static JsonNode Of(WorkTree tree)
    {
        JsonObject json = Json.Node(tree)!.AsObject();
        json["items"] = new JsonArray([.. tree.Items.Select(Of)]);
        return json;
    }

    private static JsonObject Of(WorkNode node)
    {
        JsonObject flat = Json.Node(node.Summary)!.AsObject(), rest = Json.Node(node)!.AsObject();
        foreach ((string key, JsonNode? value) in rest.ToArray())
        {
            if (key == "summary") continue;
            rest.Remove(key);
            flat[key] = value;
        }
        return flat;
    }
}
