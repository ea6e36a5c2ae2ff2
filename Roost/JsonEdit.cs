using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Roost.Writing;

namespace Roost;

/// <summary>
/// JSON that takes the place of what is stored: the state of a dead letter that is retried, or the payload of an item that runs again. It is checked
/// where it is used, against the limits of a state or a payload.
/// </summary>
public sealed class JsonEdit
{
    private JsonEdit(object? given) => Given = given;

    internal object? Given { get; }

    /// <summary>A value, or JSON as an element, a node or a document.</summary>
    /// <param name="value">Anything that serializes to JSON by the settings that it is stored by. JSON text goes through <see
    /// cref="FromJson(string)"/>.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public static JsonEdit From(object? value) => new(value);

    /// <summary>A value that is written by source-generated metadata.</summary>
    /// <param name="value">The value.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.State</c>.</param>
    public static JsonEdit From<T>(T value, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new(new TypedJson(value, type));
    }

    /// <summary>JSON text: at most 64 levels deep, no duplicate keys.</summary>
    /// <param name="json">The text.</param>
    /// <exception cref="InvalidInputException">It holds half of a surrogate pair, or a NUL.</exception>
    public static JsonEdit FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        Names.CheckText("json", json);
        return new(new RawJson(Encoding.UTF8.GetBytes(json)));
    }

    /// <summary>JSON text in UTF-8, such as a file or a request's body, with or without a byte-order mark.</summary>
    /// <param name="utf8">The text: at most 64 levels deep, no duplicate keys.</param>
    /// <exception cref="InvalidInputException">It is no UTF-8; the message says what it seems to be.</exception>
    public static JsonEdit FromJson(ReadOnlyMemory<byte> utf8) => new(new RawJson(Utf8Text.Checked("json", utf8).ToArray()));
}
