using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Roost.Writing;

namespace Roost;

/// <summary>Turns values into the UTF-8 JSON that is stored, and refuses what could not be read back unchanged.</summary>
internal static class JsonText
{
    public const int MaxDepth = 64;

    private const int Slack = 1024 * 1024; // What is only a little too large is told its size.

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>The stored form of any value; JSON given as such (element, node, document) passes through normalised.</summary>
    public static byte[] Serialize(string field, object? value, JsonSerializerOptions options, int maxBytes, bool objectOnly)
    {
        if (value is null) return objectOnly ? "{}"u8.ToArray() : "null"u8.ToArray();
        if (value is string && objectOnly)
            throw new InvalidInputException(field, "is a string; it must be a JSON object. JSON text goes through WorkItem.FromJson.");
        try
        {
            return value switch
            {
                RawJson raw => Normalize(field, raw.Utf8, maxBytes, objectOnly),
                TypedJson typed => Serialize(field, typed.Value, typed.Type, maxBytes, objectOnly),
                JsonElement or JsonNode or JsonDocument => Normalize(field, Written(field, value, null, options), maxBytes, objectOnly),
                _ => Accept(field, Write(field, value, WrittenType.Of(value.GetType(), options), maxBytes), maxBytes, objectOnly),
            };
        }
        catch (Exception e) when (IsOfValue(e))
        {
            throw Unwritable(field, value, value.GetType(), options, e);
        }
    }

    /// <summary>The stored form of a value that is given with its metadata.</summary>
    public static byte[] Serialize(string field, object? value, JsonTypeInfo type, int maxBytes, bool objectOnly)
    {
        if (value is null or JsonElement or JsonNode or JsonDocument || (value is string && objectOnly))
            return Serialize(field, value, type.Options, maxBytes, objectOnly);
        try
        {
            return Accept(field, Write(field, value, WrittenType.Of(type), maxBytes), maxBytes, objectOnly);
        }
        catch (Exception e) when (IsOfValue(e))
        {
            throw Unwritable(field, value, type, e);
        }
    }

    /// <summary>A value as JSON that is given on as such; its size is checked where it is stored.</summary>
    public static JsonElement Element(string field, object? value, JsonTypeInfo type, bool objectOnly) =>
        Parse(Serialize(field, value, type, int.MaxValue - Slack, objectOnly));

    private static byte[] Write(string field, object value, WrittenType type, int maxBytes)
    {
        var buffer = new BoundedBuffer(field, maxBytes);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions(type.As.Options))) JsonSerializer.Serialize(writer, value, type.As);
        byte[] utf8 = buffer.Written.ToArray();
        if (MayHoldReplaced(utf8)) CheckReplaced(field, utf8, value, type.As, type.As.Options);
        type.Check(field, value, utf8.Length);
        return utf8;
    }

    private static JsonWriterOptions WriterOptions(JsonSerializerOptions options) => new()
    {
        Encoder = options.Encoder,
        Indented = options.WriteIndented,
        IndentCharacter = options.IndentCharacter,
        IndentSize = options.IndentSize,
        NewLine = options.NewLine,
        MaxDepth = options.MaxDepth,
        SkipValidation = true,
    };

    /// <summary>
    /// Takes no more than what may be stored and a little: a sequence that goes on and on is refused before it fills the memory. What is large is taken
    /// from <see cref="StatePool"/>.
    /// </summary>
    private sealed class BoundedBuffer(string field, int maxBytes, int about = 0) : IBufferWriter<byte>
    {
        private const int Smallest = 1024;

        private byte[] array = Room(Math.Max(about, Smallest));
        private int used;

        public ReadOnlyMemory<byte> Written => array.AsMemory(0, used);

        public void Advance(int count)
        {
            // Before it is taken, so that the writer that is closed after this says the same once more.
            if (used + (long)count > maxBytes + (long)Slack)
                throw new InvalidInputException(
                    field,
                    $"is more than {maxBytes + (long)Slack:N0} bytes; the limit (RoostOptions.MaxJsonBytes) is {maxBytes:N0}. Store large content as an " +
                    $"artifact and keep its name here."
                );
            used += count;
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (array.Length - used < Math.Max(sizeHint, 1))
            {
                byte[] small = array;
                array = Room(Math.Max(used + Math.Max(sizeHint, 1), 2 * used));
                small.AsSpan(0, used).CopyTo(array);
                StatePool.Return(small);
            }
            return array.AsMemory(used);
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        private static byte[] Room(int bytes) => bytes >= StatePool.LeastBytes ? StatePool.Rent(bytes) : new byte[bytes];
    }

    /// <summary>
    /// The stored form of a large state, which is to be given back to <see cref="StatePool"/> by whoever knows that nobody looks at it any more.
    /// </summary>
    /// <param name="field">What it is called where it is refused.</param>
    /// <param name="value">The state.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="maxBytes">How large it may be.</param>
    /// <param name="about">How large it will about be.</param>
    public static ReadOnlyMemory<byte> SerializeLarge<T>(string field, T value, JsonTypeInfo<T> type, int maxBytes, int about)
    {
        try
        {
            var buffer = new BoundedBuffer(field, maxBytes, about);
            using (var writer = new Utf8JsonWriter(buffer, WriterOptions(type.Options))) JsonSerializer.Serialize(writer, value, type);
            ReadOnlySpan<byte> utf8 = buffer.Written.Span;
            if (MayHoldReplaced(utf8)) CheckReplaced(field, utf8, value!, type, type.Options);
            Check(field, utf8, maxBytes, objectOnly: false);
            return buffer.Written;
        }
        catch (Exception e) when (IsOfValue(e))
        {
            throw Unwritable(field, value!, type, e);
        }
    }

    /// <summary>The stored form of a value whose type is known; what <see cref="Engine{TState}"/> uses for each step.</summary>
    public static byte[] Serialize<T>(string field, T value, JsonTypeInfo<T> type, int maxBytes)
    {
        if (value is JsonElement or JsonNode or JsonDocument) return Serialize(field, (object)value, type.Options, maxBytes, objectOnly: false);
        try
        {
            byte[] utf8 = JsonSerializer.SerializeToUtf8Bytes(value, type);
            if (MayHoldReplaced(utf8)) CheckReplaced(field, utf8, value!, type, type.Options);
            return Accept(field, utf8, maxBytes, objectOnly: false);
        }
        catch (Exception e) when (IsOfValue(e))
        {
            throw Unwritable(field, value!, type, e);
        }
    }

    /// <summary>What the serializer wrote has no duplicate keys and a bounded depth; only a NUL can be wrong with it, and that is always escaped.</summary>
    private static byte[] Accept(string field, byte[] utf8, int maxBytes, bool objectOnly)
    {
        Check(field, utf8, maxBytes, objectOnly);
        return utf8;
    }

    private static void Check(string field, ReadOnlySpan<byte> utf8, int maxBytes, bool objectOnly)
    {
        CheckSize(field, utf8.Length, maxBytes);
        if (objectOnly || utf8.IndexOf("\\u0000"u8) >= 0) Verify(field, utf8, objectOnly);
    }

    /// <summary>JSON for people, of any size.</summary>
    public static byte[] Indented(string field, object value, JsonSerializerOptions options)
    {
        try
        {
            WrittenType? type = value is JsonElement or JsonNode or JsonDocument ? null : WrittenType.Of(value.GetType(), options);
            return Written(field, value, type, options, indented: true);
        }
        catch (Exception e) when (IsOfValue(e))
        {
            throw Unwritable(field, value, value.GetType(), options, e);
        }
    }

    /// <summary>The same of a value that is given with its metadata.</summary>
    public static byte[] Indented(string field, object value, JsonTypeInfo type)
    {
        try
        {
            return Written(field, value, value is JsonElement or JsonNode or JsonDocument ? null : WrittenType.Of(type), type.Options, indented: true);
        }
        catch (Exception e) when (IsOfValue(e))
        {
            throw Unwritable(field, value, type, e);
        }
    }

    /// <summary>Thrown by the serializer, or by the value's own code that it calls.</summary>
    private static bool IsOfValue(Exception e) => e is not (RoostException or OutOfMemoryException or OperationCanceledException);

    private static InvalidInputException Unwritable(string field, object value, Type type, JsonSerializerOptions options, Exception e) =>
        options.TryGetTypeInfo(type, out JsonTypeInfo? info) ? Unwritable(field, value, info, e) : Unwritable(field, type, Culprit.Why(value, e), e);

    private static InvalidInputException Unwritable(string field, object value, JsonTypeInfo type, Exception e) =>
        Unwritable(field, type.Type, Culprit.Find(value, type) ?? Culprit.Why(value, e), e);

    private static InvalidInputException Unwritable(string field, Type type, string why, Exception e) =>
        new(field, $"{TypeNames.A(type)} cannot be written as JSON (at most {MaxDepth} levels): {why}", e);

    private static byte[] Written(string field, object value, WrittenType? type, JsonSerializerOptions options, bool indented = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        JsonWriterOptions how = WriterOptions(options);
        using (var writer = new Utf8JsonWriter(buffer, how with { Indented = how.Indented || indented })) Fill(writer, value, type?.As, options);
        byte[] utf8 = buffer.WrittenSpan.ToArray();
        if (MayHoldReplaced(utf8)) CheckReplaced(field, utf8, value, type?.As, options);
        type?.Check(field, value, utf8.Length);
        return utf8;
    }

    /// <summary>JSON that is given as such needs nobody's metadata.</summary>
    private static void Fill(Utf8JsonWriter writer, object value, JsonTypeInfo? type, JsonSerializerOptions options)
    {
        switch (value)
        {
            case JsonElement element: element.WriteTo(writer); break;
            case JsonNode node: node.WriteTo(writer, options); break;
            case JsonDocument document: document.WriteTo(writer); break;
            default: JsonSerializer.Serialize(writer, value, type!); break;
        }
    }

    /// <summary>
    /// The serializer writes an escaped U+FFFD in the place of half a surrogate pair, and says nothing. An encoder that leaves the character itself
    /// as it is writes it escaped for no other reason; where another was used, it is written once more by one that does.
    /// </summary>
    private static void CheckReplaced(string field, ReadOnlySpan<byte> utf8, object value, JsonTypeInfo? type, JsonSerializerOptions options)
    {
        if ((options.Encoder ?? JavaScriptEncoder.Default).WillEncode(0xFFFD))
        {
            var buffer = new ArrayBufferWriter<byte>(utf8.Length);
            using (
                var writer = new Utf8JsonWriter(
                    buffer,
                    new JsonWriterOptions
                    {
                        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                        MaxDepth = options.MaxDepth,
                        SkipValidation = true,
                    }
                )
            )
                Fill(writer, value, type, options);
            utf8 = buffer.WrittenSpan;
        }
        for (int i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] != '\\')
                continue;
            if (utf8[i..].StartsWith(Replaced))
                throw new InvalidInputException(field, $"holds half of a surrogate pair in a string at {JsonPlace.Of(utf8, i)}; it is not valid Unicode text.");
            i++; // What follows the backslash begins no escape of its own.
        }
    }

    private static bool MayHoldReplaced(ReadOnlySpan<byte> utf8) => utf8.IndexOf(Replaced) >= 0;

    private static ReadOnlySpan<byte> Replaced => "\\uFFFD"u8;

    public static void CheckSize(string field, long bytes, int maxBytes)
    {
        if (bytes > maxBytes)
            throw new InvalidInputException(
                field,
                $"is {bytes:N0} bytes; the limit (RoostOptions.MaxJsonBytes) is {maxBytes:N0}. Store large content as an artifact and keep its name here."
            );
    }

    /// <summary>Reads the stored form back.</summary>
    public static JsonElement Parse(ReadOnlyMemory<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = MaxDepth });
        return JsonElement.ParseValue(ref reader);
    }

    private static byte[] Normalize(string field, ReadOnlyMemory<byte> text, int maxBytes, bool objectOnly)
    {
        CheckSize(field, text.Length, maxBytes);
        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            var buffer = new ArrayBufferWriter<byte>(text.Length);
            using (
                var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = MaxDepth })
            )
                document.RootElement.WriteTo(writer);
            byte[] utf8 = buffer.WrittenSpan.ToArray();
            Verify(field, utf8, objectOnly);
            return utf8;
        }
        catch (JsonException e)
        {
            throw new InvalidInputException(field, $"is not acceptable JSON (at most {MaxDepth} levels, no duplicate keys): {e.Message}", e);
        }
    }

    /// <summary>
    /// One pass over the tokens: an object where one is asked for, bounded depth, no duplicate keys, no NUL, no number that reads back as infinite.
    /// </summary>
    private static void Verify(string field, ReadOnlySpan<byte> utf8, bool objectOnly)
    {
        if (objectOnly && utf8[0] != (byte)'{')
            throw new InvalidInputException(field, $"is JSON that begins with '{(char)utf8[0]}'; it must be an object such as {{\"url\": \"...\"}}.");
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        var keys = new Stack<HashSet<string>?>();
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject: keys.Push(null); break;
                    case JsonTokenType.EndObject: keys.Pop(); break;
                    case JsonTokenType.PropertyName: CheckKey(field, utf8, ref reader, keys); break;
                    case JsonTokenType.String: CheckString(field, utf8, ref reader); break;
                    case JsonTokenType.Number:
                        if (reader.TryGetDouble(out double number) && !double.IsFinite(number))
                            throw new InvalidInputException(
                                field,
                                $"holds the number {Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(40, reader.ValueSpan.Length)])} at " +
                                $"{JsonPlace.Of(utf8, reader.TokenStartIndex)}, which no double can hold."
                            );
                        break;
                }
            }
        }
        catch (JsonException e)
        {
            throw new InvalidInputException(field, $"is not acceptable JSON (at most {MaxDepth} levels): {e.Message}", e);
        }
    }

    private static void CheckKey(string field, ReadOnlySpan<byte> utf8, ref Utf8JsonReader reader, Stack<HashSet<string>?> keys)
    {
        CheckString(field, utf8, ref reader);
        HashSet<string> seen = keys.Pop() ?? new HashSet<string>(StringComparer.Ordinal);
        string key = reader.GetString()!;
        if (!seen.Add(key))
            throw new InvalidInputException(field, $"holds the key \"{key}\" twice in one object, at {JsonPlace.Of(utf8, reader.TokenStartIndex)}; keep one.");
        keys.Push(seen);
    }

    private static void CheckString(string field, ReadOnlySpan<byte> utf8, ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped) return;
        try
        {
            if (reader.GetString()!.Contains('\0'))
                throw new InvalidInputException(
                    field,
                    $"holds a NUL character (\\u0000) in a string at {JsonPlace.Of(utf8, reader.TokenStartIndex)}; remove it."
                );
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidInputException(
                field,
                $"holds half of a surrogate pair in a string at {JsonPlace.Of(utf8, reader.TokenStartIndex)}; it is not valid Unicode text.",
                e
            );
        }
    }
}

/// <summary>JSON text that came as text, to be stored as it is once it has been checked.</summary>
internal sealed record RawJson(ReadOnlyMemory<byte> Utf8);

/// <summary>A value that was given with its metadata, by which it is written whatever the runtime's settings say.</summary>
internal sealed record TypedJson(object? Value, JsonTypeInfo Type);
