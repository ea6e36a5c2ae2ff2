using System.Text.Json;
using System.Text.Json.Serialization;

namespace Roost.Writing;

/// <summary>The result of an effect that has none: null in JSON.</summary>
[JsonConverter(typeof(Converter))]
internal readonly record struct Nothing
{
    internal sealed class Converter : JsonConverter<Nothing>
    {
        public override bool HandleNull => true;

        public override Nothing Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            reader.Skip();
            return default;
        }

        public override void Write(Utf8JsonWriter writer, Nothing value, JsonSerializerOptions options) => writer.WriteNullValue();
    }
}
