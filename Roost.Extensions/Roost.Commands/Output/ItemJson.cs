using System.Text.Json.Nodes;

namespace Roost.Commands.Output;

/// <summary>A work item as --json gives it: the facts of its line at the top, the rest beside them.</summary>
internal static class ItemJson
{
    public static JsonNode Of(WorkDetail item)
    {
        JsonObject flat = Json.Node(item.Summary)!.AsObject(), rest = Json.Node(item)!.AsObject();
        foreach ((string key, JsonNode? value) in rest.ToArray())
        {
            if (key is "summary" or "why") continue; // What it stands for is in the situation.
            rest.Remove(key);
            flat[key] = value;
        }
        // The lease's token fences writes of its worker; it is of no use to a reader, and masking would make a riddle of it.
        if (flat["lease"] is JsonObject lease) lease.Remove("token");
        return flat;
    }
}
