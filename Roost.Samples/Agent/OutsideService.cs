using System.Text.Json;
using Roost.Samples.Takeover;

namespace Roost.Samples.Agent;

/// <summary>One call as the service has received it.</summary>
/// <param name="Name">The tool, or <c>model</c>.</param>
/// <param name="Key">Its <c>Idempotency-Key</c>.</param>
/// <param name="IsCounted">False where its key had come before: it is answered as that was, and nothing is done.</param>
/// <param name="Answer">What it is answered, as JSON.</param>
internal sealed record ReceivedCall(string Name, string Key, bool IsCounted, string Answer);

/// <summary>
/// What is outside: the model and the tools, behind a loopback address, in a process that is not killed. It keeps a journal of its own and knows a repeated
/// call by its key. One tool does not answer its first call, so that a kill hits whoever is inside.
/// </summary>
internal sealed class OutsideService : IAsyncDisposable
{
    private readonly TaskCompletionSource<ReceivedCall> held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly List<ReceivedCall> journal = [];
    private readonly LoopbackPage page;

    public OutsideService(string? holdFirst = null) => page = new(async (request, closing) =>
    {
        if (request.Key is not { } key) return new(400, "A call needs an Idempotency-Key."u8.ToArray());
        ReceivedCall call = Receive(request.Path.Split('/')[^1], key, request.Body);
        if (call.IsCounted && call.Name == holdFirst)
        {
            held.TrySetResult(call);
            await Task.Delay(Timeout.InfiniteTimeSpan, closing);
        }
        return PageAnswer.Json(call.Answer);
    });

    public string Url => page.Url;

    /// <summary>Ends when the call that is not answered has come in.</summary>
    public Task<ReceivedCall> Held => held.Task;

    /// <summary>All calls, in the order in which they came.</summary>
    public IReadOnlyList<ReceivedCall> Journal
    {
        get
        {
            lock (gate) return [.. journal];
        }
    }

    public ValueTask DisposeAsync() => page.DisposeAsync();

    private ReceivedCall Receive(string name, string key, byte[] body)
    {
        lock (gate)
        {
            ReceivedCall call = journal.Find(one => one.Key == key) is { } before
                ? before with { IsCounted = false }
                : new(name, key, true, JsonSerializer.Serialize(Do(name, body), RoostJson.Default));
            journal.Add(call);
            return call;
        }
    }

    private object Do(string name, byte[] body)
    {
        if (name == "model") return ScriptedModel.Next(JsonSerializer.Deserialize<List<Message>>(body, RoostJson.Default)!);
        JsonElement with = JsonElement.Parse(body);
        int number = journal.Count(one => one.Name == name && one.IsCounted) + 1;
        return name switch
        {
            "find_flight" => $"TP 1364 to {with.GetProperty("to")} on {with.GetProperty("day")}, 184 EUR",
            "hold_seat" => $"seat {number} of {with.GetProperty("flight")} is held",
            "hold_room" => $"room {number} of hotel {with.GetProperty("hotel")} is held for {with.GetProperty("nights")} nights, 228 EUR",
            "pay" => $"{with.GetProperty("amount")} {with.GetProperty("currency")} are paid by payment {number}",
            _ => $"there is no tool {name}",
        };
    }
}
