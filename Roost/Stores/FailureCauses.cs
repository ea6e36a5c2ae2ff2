using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Roost.Stores;

/// <summary>The stored form of the exceptions within an error, and of what the data of the error itself held.</summary>
internal static class FailureCauses
{
    /// <summary>Null where there is nothing to store, as with most errors.</summary>
    public static byte[]? Write(IReadOnlyDictionary<string, string?> data, IReadOnlyList<FailureCause> causes, int leftOut)
    {
        if (data.Count == 0 && causes.Count == 0) return null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            WriteData(json, data);
            json.WriteNumber("left_out", leftOut);
            json.WriteStartArray("causes");
            foreach (FailureCause cause in causes)
            {
                json.WriteStartObject();
                json.WriteNumber("depth", cause.Depth);
                json.WriteString("type", cause.Type);
                json.WriteString("message", cause.Message);
                if (cause.Stack is not null) json.WriteString("stack", cause.Stack);
                WriteData(json, cause.Data);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>
    /// The failure with what was stored beside it. Where that is damaged, which doctor tells, the rest of the failure is still worth reading.
    /// </summary>
    public static WorkFailure AddTo(WorkFailure failure, ReadOnlyMemory<byte> stored)
    {
        try
        {
            using var json = JsonDocument.Parse(stored);
            return failure with
            {
                Data = ReadData(json.RootElement, failure.Data),
                CausesLeftOut = json.RootElement.GetProperty("left_out").GetInt32(),
                Causes = [.. json.RootElement.GetProperty("causes").EnumerateArray().Select(cause => new FailureCause
                {
                    Depth = cause.GetProperty("depth").GetInt32(),
                    Type = cause.GetProperty("type").GetString() ?? "",
                    Message = cause.GetProperty("message").GetString() ?? "",
                    Stack = cause.TryGetProperty("stack", out JsonElement stack) ? stack.GetString() : null,
                    Data = ReadData(cause, failure.Data),
                })],
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return failure;
        }
    }

    private static void WriteData(Utf8JsonWriter json, IReadOnlyDictionary<string, string?> data)
    {
        if (data.Count == 0) return;
        json.WriteStartObject("data");
        foreach ((string key, string? value) in data) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static IReadOnlyDictionary<string, string?> ReadData(JsonElement of, IReadOnlyDictionary<string, string?> none) =>
        of.TryGetProperty("data", out JsonElement data) ? data.EnumerateObject().ToDictionary(each => each.Name, each => each.Value.GetString()) : none;
}
