using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Roost.Writing;

/// <summary>
/// Writes an engine's states, and reads some of them back at once to compare: each that holds something of a kind that none before it has held
/// (<see cref="KindsSeen"/>), the first 16, each that is half as long again as any before it, and one in 1,024. What does not come back fails
/// its step for good, with the member's path.
/// </summary>
internal sealed class StateTrial<TState>(JsonTypeInfo<TState> type) : IStateTrial
{
    private const uint First = 16;
    private const uint OneIn = 1024;

    private static readonly bool IsJson =
        typeof(JsonNode).IsAssignableFrom(typeof(TState)) || typeof(TState) == typeof(JsonElement) || typeof(TState) == typeof(JsonDocument);

    private readonly KindsSeen kinds = new(type);
    private JsonTypeInfo<TState>? strict;
    private uint written; // Of many slots, and not exact: a count that is lost now and then tries one state more or less.
    private int longest;

    public JsonTypeInfo<TState> Type => type;

    /// <summary>The state as it is stored.</summary>
    /// <param name="state">The state.</param>
    /// <param name="maxBytes">How large it may be.</param>
    /// <param name="about">How large it will about be, as far as is known; what is large is taken from <see cref="StatePool"/>.</param>
    /// <exception cref="InvalidInputException">It cannot be written, is too large, or would not come back.</exception>
    public ReadOnlyMemory<byte> Write(TState state, int maxBytes, int about)
    {
        ReadOnlyMemory<byte> utf8 = Written(state, maxBytes, about);
        if (IsJson) return utf8;
        bool isNew = kinds.IsNew(state, utf8.Length);
        if (!IsDue(utf8.Length) && !isNew) return utf8;
        Try(state, utf8, maxBytes);
        if (isNew) kinds.Add(state, utf8.Length);
        return utf8;
    }

    /// <summary>
    /// The stored form of a state that somebody has given as JSON, checked as one that a step returns; what the type has no member for is refused.
    /// </summary>
    /// <exception cref="InvalidInputException">It cannot be read as the engine's state, or stored.</exception>
    public byte[] Rewrite(byte[] utf8, int maxBytes)
    {
        TState? state;
        try
        {
            state = JsonSerializer.Deserialize(NameMatch.Adapted(utf8, type).Span, strict ??= Strict());
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InvalidInputException("state", $"cannot be read as {TypeNames.Of(typeof(TState))}: {e.Message}", e);
        }
        if (state is null) throw new InvalidInputException("state", $"is null where {TypeNames.A(typeof(TState))} is expected.");
        return Write(state, maxBytes, 0).ToArray();
    }

    private JsonTypeInfo<TState> Strict()
    {
        var options = new JsonSerializerOptions(type.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };
        return options.TryGetTypeInfo(typeof(TState), out JsonTypeInfo? found) && found is JsonTypeInfo<TState> known ? known : type;
    }

    private bool IsDue(int length)
    {
        uint n = written++;
        bool isLonger = length > longest + longest / 2;
        if (isLonger) longest = length;
        return isLonger || n < First || n % OneIn == 0;
    }

    private ReadOnlyMemory<byte> Written(TState state, int maxBytes, int about) => about < StatePool.LeastBytes || IsJson
        ? JsonText.Serialize("state", state, type, maxBytes)
        : JsonText.SerializeLarge("state", state, type, maxBytes, about);

    private void Try(TState state, ReadOnlyMemory<byte> utf8, int maxBytes)
    {
        TState? back;
        ReadOnlyMemory<byte> again;
        try
        {
            back = JsonSerializer.Deserialize(utf8.Span, type);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new LostException((e as JsonException)?.Path ?? "$", $"it was written and cannot be read back: {e.Message}").In<TState>();
        }
        try
        {
            new Comparison(type.Options).Run(type, state, back);
            again = Written(back!, maxBytes, utf8.Length);
        }
        catch (LostException lost)
        {
            throw lost.In<TState>();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new LostException(
                TypeNames.Of(typeof(TState)),
                $"what was read back cannot be written again, so something that it needs is lost: {e.Message}"
            ).In<TState>();
        }
        if (utf8.Span.SequenceEqual(again.Span))
        {
            StatePool.Return(again);
            return;
        }
        HashSet<string> changed = JsonDifference.Find(utf8, again);
        if (changed.Count > 0)
            // What differs from itself, such as a time that is left, is no loss.
            changed.ExceptWith(JsonDifference.Find(utf8, JsonText.Serialize("state", state, type, maxBytes)));
        if (changed.Count > 0)
            throw new LostException(
                changed.Order(StringComparer.Ordinal).First(),
                "it is written otherwise once it was read back. Give what it is made from members that are written and read, or mark it [JsonIgnore]."
            ).In<TState>();
    }
}

/// <summary>The same, for whoever does not know the type.</summary>
internal interface IStateTrial
{
    /// <inheritdoc cref="StateTrial{TState}.Rewrite"/>
    byte[] Rewrite(byte[] utf8, int maxBytes);
}
