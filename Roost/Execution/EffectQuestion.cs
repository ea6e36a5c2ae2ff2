using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Roost.Stores;
using Roost.Writing;

namespace Roost.Execution;

/// <summary>What a person is asked of an effect of which it is not known whether it has happened.</summary>
internal static class EffectQuestion
{
    private const int MostArguments = 4096, MostWrong = 500;

    /// <summary>Checks how an effect is made.</summary>
    /// <exception cref="InvalidInputException">A member breaks a rule.</exception>
    public static void Check<T>(EffectOptions options)
    {
        if (options.Interrupted is null) throw new InvalidInputException("Interrupted", "is null; give Effect.Repeat, Effect.Ask or a probe.");
        if (!options.Interrupted.Fits<T>())
            throw new InvalidInputException("Interrupted", typeof(T) == typeof(Nothing)
                ? "is a probe of a result, and the effect has none; give Effect.Probe(...) whose probe returns true, false or null."
                : $"is a probe of another result than {TypeNames.Of(typeof(T))}, which the effect has.");
        if (options.Question is not null) WaitCheck.CheckQuestion("Question", options.Question, "");
        if (options.For is not null) Names.CheckExact("For", options.For);
    }

    /// <param name="place">Of which effect.</param>
    /// <param name="lease">The step.</param>
    /// <param name="options">How it is made.</param>
    /// <param name="stored">What is recorded of it.</param>
    /// <param name="before">What is wrong with an answer that was given before; null where there was none.</param>
    /// <param name="result">The schema of its result; null where it has none.</param>
    /// <param name="settings">The runtime's.</param>
    public static NewAsk Make(
        EffectPlace place, LeasedWork lease, EffectOptions options, StoredEffect stored, string? before, byte[]? result, RoostOptions settings)
    {
        var text = new StringBuilder();
        if (options.Question is { } asked) text.Append(asked).Append("\n\n");
        text.Append("Has the effect **").Append(MarkdownOf(place.Path)).Append("** happened? Its call began at ")
            .Append(StoredTime.InWords(StoredTime.Read(stored.BegunAt)))
            .Append(", in the step from version ").Append(lease.Version).Append(", and how it ended is not known.\n\nKey: `").Append(place.Key).Append('`');
        if (stored.Arguments is { } arguments)
            text.Append("\n\nArguments:\n\n```json\n").Append(ShortText.Cut(Encoding.UTF8.GetString(arguments), MostArguments)).Append("\n```");
        if (before is not null) text.Append("\n\n").Append(MarkdownOf(ShortText.Cut(before, MostWrong)));
        return new(settings.Randomness.NextId(settings.TimeProvider.GetUtcNow()).ToString(), text.ToString(), SchemaOf(result), options.For, []);
    }

    private static string MarkdownOf(string name)
    {
        var text = new StringBuilder();
        foreach (char c in name) (char.IsAsciiLetterOrDigit(c) || !char.IsAscii(c) || c is ' ' ? text : text.Append('\\')).Append(c);
        return text.ToString();
    }

    /// <summary>What an answer has to fit: what has happened, and the result where it has.</summary>
    private static byte[] SchemaOf(byte[]? result)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("type", "object");
            json.WriteStartObject("properties");
            json.WriteStartObject(EffectAnswer.Outcome);
            json.WriteString("type", "string");
            json.WriteStartArray("enum");
            foreach (string outcome in EffectAnswer.Outcomes) json.WriteStringValue(outcome);
            json.WriteEndArray();
            json.WriteEndObject();
            if (result is not null)
            {
                json.WritePropertyName(EffectAnswer.Result);
                json.WriteRawValue(result);
            }
            json.WriteEndObject();
            json.WriteStartArray("required");
            json.WriteStringValue(EffectAnswer.Outcome);
            json.WriteEndArray();
            json.WriteBoolean("additionalProperties", false);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
