using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;

namespace Roost.Tests;

/// <summary>What the engines below keep.</summary>
internal sealed record Kept(int N = 0, string? Text = null);

/// <summary>An engine whose step is a function, as short as a test needs it.</summary>
internal sealed class OneStep(Func<Kept, StepContext, Task<Outcome>> step, string id = "one") : Engine<Kept>
{
    public OneStep(Func<Kept, StepContext, Outcome> step, string id = "one") : this((kept, context) => Task.FromResult(step(kept, context)), id) { }

    public override string EngineId => id;

    protected override Kept Init(WorkItem item) => new();

    protected override Task<Outcome> StepAsync(Kept state, StepContext context) => step(state, context);
}

/// <summary>Counts its steps in a field.</summary>
internal sealed class FieldCounter : Engine<Kept>
{
    private int count;

    public override string EngineId => "one";

    protected override Kept Init(WorkItem item) => new();

    protected override Task<Outcome> StepAsync(Kept state, StepContext context) =>
        Task.FromResult(++count < 3 ? Continue(state with { N = count }, step: "count") : Done(state with { N = count }));
}

/// <summary>Remembers in a field what it was asked for.</summary>
internal sealed class FieldMemory : Engine<Kept>
{
    private string? name;

    public override string EngineId => "one";

    protected override Kept Init(WorkItem item)
    {
        name = item.Payload.GetProperty("name").GetString();
        return new();
    }

    protected override Task<Outcome> StepAsync(Kept state, StepContext context) => Task.FromResult(Done(state with { Text = name!.ToUpperInvariant() }));
}

/// <summary>Counts in a property that does not come back.</summary>
internal sealed class PrivateSetter : Engine<PrivateSetter.Counter>
{
    internal sealed class Counter
    {
        public int N { get; private set; }

        public void Up() => N++;
    }

    public override string EngineId => "one";

    protected override Counter Init(WorkItem item) => new();

    protected override Task<Outcome> StepAsync(Counter state, StepContext context)
    {
        state.Up();
        return Task.FromResult(state.N < 3 ? Continue(state) : Done(state));
    }
}

/// <summary>Its dictionary finds names in either case, until it has been stored.</summary>
internal sealed class LostComparer : Engine<LostComparer.Names>
{
    internal sealed record Names(Dictionary<string, int> ByName);

    public override string EngineId => "one";

    protected override Names Init(WorkItem item) => new([]);

    protected override Task<Outcome> StepAsync(Names state, StepContext context) =>
        Task.FromResult(Done(new Names(new(StringComparer.OrdinalIgnoreCase) { ["a"] = 1 })));
}

/// <summary>How a <see cref="Charging"/> engine gives the other side a key.</summary>
internal enum KeyPlace
{
    None,
    Header,
    HyphenatedGuid,
    Url,
    Body,
    Hashed,
    SavedBefore,
    Fresh,
}

/// <summary>Charges somebody by a POST, in a second step where the key was saved by a first.</summary>
internal sealed class Charging(HttpClient http, string address, KeyPlace place, OnInterrupted interrupted = OnInterrupted.Retry) : Engine<Kept>
{
    public override string EngineId => "charging";

    public override OnInterrupted OnInterrupted => interrupted;

    protected override Kept Init(WorkItem item) => new();

    protected override async Task<Outcome> StepAsync(Kept state, StepContext context)
    {
        if (place == KeyPlace.SavedBefore && state.Text is null) return Continue(state with { Text = context.IdempotencyKey }, step: "charge");
        string key = context.IdempotencyKey;
        using var request = new HttpRequestMessage(HttpMethod.Post, place == KeyPlace.Url ? $"{address}?key={key}" : address)
        {
            Content = JsonContent.Create(new { amount = 3, key = place == KeyPlace.Body ? key : null }),
        };
        string? header = place switch
        {
            KeyPlace.Header => key,
            KeyPlace.HyphenatedGuid => Guid.ParseExact(key, "N").ToString(),
            KeyPlace.Hashed => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"charge {key}"))),
            KeyPlace.SavedBefore => state.Text,
            KeyPlace.Fresh => Guid.NewGuid().ToString(),
            _ => null,
        };
        if (header is not null) request.Headers.Add("Idempotency-Key", header);
        using HttpResponseMessage answer = await http.SendAsync(request, context.CancellationToken);
        return Done(state with { N = (int)answer.StatusCode });
    }
}

/// <summary>Answers every request, or the first so many with an error.</summary>
internal sealed class FakeService(int failing = 0, string answer = "{}") : HttpMessageHandler
{
    private int calls;

    public int Calls => calls;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Interlocked.Increment(ref calls) <= failing
            ? throw new HttpRequestException("The service is away.")
            : Task.FromResult(new HttpResponseMessage { Content = new StringContent(answer) });
}
