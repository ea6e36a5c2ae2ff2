using System.Text.Json;

namespace Roost.Writing;

/// <summary>Where in a JSON text something stands.</summary>
internal static class JsonPlace
{
    private const int MostCharacters = 300;

    /// <summary>The path of the token that begins at the position or holds it, such as <c>$.pages[3].title</c>.</summary>
    public static string Of(ReadOnlySpan<byte> utf8, long position)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 1000 });
        var path = new Stack<(string? Name, int Index)>();
        string? name = null;
        while (reader.Read())
        {
            bool ends = reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray;
            if (ends) path.Pop();
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                name = Name(ref reader);
                if (position < reader.BytesConsumed) return Text(path, name);
                continue;
            }
            if (!ends && path.TryPop(out (string? Name, int Index) last)) path.Push(last with { Name = name, Index = last.Index + 1 });
            if (position < reader.BytesConsumed) return Text(path, null);
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) path.Push((null, -1));
            name = null;
        }
        return "$";
    }

    private static string Name(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "(no valid text)";
        }
    }

    private static string Text(Stack<(string? Name, int Index)> path, string? name)
    {
        string parents = string.Concat(path.Skip(name is null ? 0 : 1).Reverse().Select(each => each.Name is null ? $"[{each.Index}]" : $".{each.Name}"));
        string text = $"${parents}{(name is null ? "" : $".{name}")}".Replace("\0", "\\u0000", StringComparison.Ordinal);
        return ShortText.Cut(text, MostCharacters);
    }
}
