using System.Text.Json;

namespace Roost.Writing;

/// <summary>Where two JSON texts differ, the order of members and of elements aside.</summary>
internal static class JsonDifference
{
    /// <summary>The paths at which they differ.</summary>
    public static HashSet<string> Find(ReadOnlyMemory<byte> one, ReadOnlyMemory<byte> other)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        Find(JsonText.Parse(one), JsonText.Parse(other), "$", found);
        return found;
    }

    private static void Find(JsonElement one, JsonElement other, string path, HashSet<string> found)
    {
        if (one.ValueKind == JsonValueKind.Object && other.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in one.EnumerateObject())
            {
                if (other.TryGetProperty(member.Name, out JsonElement its)) Find(member.Value, its, $"{path}.{member.Name}", found);
                else found.Add($"{path}.{member.Name}");
            }
            foreach (JsonProperty member in other.EnumerateObject())
                if (!one.TryGetProperty(member.Name, out _)) found.Add($"{path}.{member.Name}");
        }
        else if (one.ValueKind == JsonValueKind.Array && other.ValueKind == JsonValueKind.Array && one.GetArrayLength() == other.GetArrayLength())
        {
            if (IsSameInAnyOrder(one, other)) return;
            for (int i = 0; i < one.GetArrayLength(); i++) Find(one[i], other[i], $"{path}[{i}]", found);
        }
        else if (!JsonElement.DeepEquals(one, other))
        {
            found.Add(path);
        }
    }

    /// <summary>Sets and bags have no order; whatever has one was compared element by element before.</summary>
    private static bool IsSameInAnyOrder(JsonElement one, JsonElement other) =>
        one.EnumerateArray()
            .Select(each => each.GetRawText())
            .Order(StringComparer.Ordinal)
            .SequenceEqual(other.EnumerateArray().Select(each => each.GetRawText()).Order(StringComparer.Ordinal));
}
