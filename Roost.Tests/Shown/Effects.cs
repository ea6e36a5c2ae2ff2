namespace Roost.Tests.Shown;

internal sealed record Trip(string To, string? Flight = null, string? Hotel = null);

internal sealed record Offer(string Flight, decimal Price);

internal sealed record Receipt(string Id);

/// <summary>What a booking asks the outside for.</summary>
internal interface IAgency
{
    Task<Offer> OfferAsync(string to, CancellationToken cancellationToken);

    Task<Receipt> PayAsync(Offer offer, string key, CancellationToken cancellationToken);

    Task<Receipt?> FindAsync(string key, CancellationToken cancellationToken);

    Task<string> BookAsync(string to, string key, CancellationToken cancellationToken);
}

/// <summary>Three calls that cost money, in one step.</summary>
internal sealed class TripEngine(IAgency agency) : Engine<Trip>
{
    public override string EngineId => "trip";

    protected override Trip Init(WorkItem item) => item.PayloadAs<Trip>();

    protected override async Task<Outcome> StepAsync(Trip state, StepContext context)
    {
        Offer offer = await context.OnceAsync("offer", ct => agency.OfferAsync(state.To, ct));
        Receipt paid = await context.OnceAsync("pay", (key, ct) => agency.PayAsync(offer, key, ct),
            new() { Interrupted = Effect.Ask, Arguments = new { offer.Flight, offer.Price } });
        string hotel = await context.OnceAsync("hotel", (key, ct) => agency.BookAsync(state.To, key, ct));
        return Done(state with { Flight = paid.Id, Hotel = hotel });
    }
}

/// <summary>Ways to make an effect.</summary>
internal static class Effects
{
    /// <summary>Asks the bank before it asks a person.</summary>
    public static Task<Receipt> PayAsync(StepContext context, IAgency agency, Offer offer) =>
        context.OnceAsync("pay", (key, ct) => agency.PayAsync(offer, key, ct), new()
        {
            Interrupted = Effect.Probe<Receipt>(async (key, ct) =>
                await agency.FindAsync(key, ct) is { } found ? Probed.Happened(found) : Probed.DidNot),
        });

    /// <summary>The question is answered by who has looked.</summary>
    public static async Task AnswerAsync(RoostRuntime roost, string workId)
    {
        AskInfo ask = (await roost.ListAsksAsync(new() { WorkId = workId })).Items[0];
        await roost.AnswerAsync(ask.Id, new { outcome = "happened", result = new { id = "r-77" } }, by: "ann");
    }
}
