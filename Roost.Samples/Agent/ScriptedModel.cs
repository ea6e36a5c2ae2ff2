using System.Text.Json;

namespace Roost.Samples.Agent;

/// <summary>Stands for a language model: what it says next is looked up by how often it has spoken.</summary>
internal static class ScriptedModel
{
    public static Message Next(IReadOnlyList<Message> messages) => messages.Count(message => message.Role == Role.Assistant) switch
    {
        0 => new(Role.Assistant, "I look for a flight, and hold a seat and a room.")
        {
            Calls =
            [
                Call("find_flight", new { to = "Lisbon", day = "Friday" }),
                Call("hold_seat", new { flight = "TP 1364" }),
                Call("hold_room", new { hotel = "Alfama", nights = 2 }),
            ],
        },
        1 => new(Role.Assistant, "Both are held. What is left is to pay.") { Calls = [Call("pay", new { amount = 412, currency = "EUR" })] },
        _ when messages[^1].Text.StartsWith("refused", StringComparison.Ordinal) => new(Role.Assistant, "Nothing is paid, so seat and room are only held."),
        _ => new(Role.Assistant, "The trip is booked and paid."),
    };

    private static ToolCall Call(string tool, object arguments) => new(tool, JsonSerializer.SerializeToElement(arguments, RoostJson.Default));
}
