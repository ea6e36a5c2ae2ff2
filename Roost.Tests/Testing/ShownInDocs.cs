using System.Net.Http.Json;
using Roost.Testing;

namespace Roost.Tests;

/// <summary>The code that docs/testing.md shows; <see cref="TestingPageTests"/> compares the two.</summary>
internal static class ShownInDocs
{
    public sealed record Invoice(decimal Amount, string? Receipt = null);

    public sealed record Receipt(string Id);

    public sealed class InvoiceEngine(HttpClient http) : Engine<Invoice>
    {
        public override string EngineId => "invoice";

        protected override Invoice Init(WorkItem item) => item.PayloadAs<Invoice>();

        protected override async Task<Outcome> StepAsync(Invoice invoice, StepContext context)
        {
            if (context.Wake is null) return Ask<bool>(invoice, $"Charge {invoice.Amount}?", within: TimeSpan.FromDays(14), step: "ask");
            if (context.Wake.Answer is not { } answer) return Fail(invoice, "Nobody has answered.");
            if (!answer.As<bool>()) return Fail(invoice, "It was refused.");
            using var charge = new HttpRequestMessage(HttpMethod.Post, "https://pay.example/charges") { Content = JsonContent.Create(invoice) };
            charge.Headers.Add("Idempotency-Key", context.IdempotencyKey);
            using HttpResponseMessage response = await http.SendAsync(charge, context.CancellationToken);
            Receipt? receipt = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Receipt>(context.CancellationToken);
            return Done(invoice with { Receipt = receipt!.Id });
        }
    }

    public static async Task VerifyAsync(HttpMessageHandler fake)
    {
        var http = new HttpClient(new StepKeyHandler(fake));
        await EngineVerifier.VerifyAsync(
            () => new InvoiceEngine(http),
            new WorkItem("invoice", new Invoice(12.5m)),
            new VerifierOptions { Answer = ask => true });
    }

    public static async Task StepAsync(HttpClient http)
    {
        var engine = new InvoiceEngine(http);
        StepResult<Invoice> asked = await engine.StepAsync(new Invoice(12.5m));
        StepResult<Invoice> late = await engine.StepAsync(new Invoice(12.5m), new StepSetup { Wake = Woken.ByTimeout(), Attempt = 2 });

        asked.Wait!.Ask!.Question.Should().Be("Charge 12.5?");
        late.Kind.Should().Be(OutcomeKind.Fail);
    }

    public static async Task ThreeWeeksAsync(HttpClient http)
    {
        await using RoostTest test = RoostTest.Create(seed: 7);
        test.AddEngine(() => new InvoiceEngine(http));
        string id = await test.EnqueueAsync(new WorkItem("invoice", new Invoice(12.5m)));

        await test.AdvanceAsync(TimeSpan.FromDays(13));
        await test.AnswerAsync(id, true, by: "ann");
        await test.InterruptAsync(id); // The worker dies once it has charged, and before that is saved.
        WorkSummary ended = await test.RunUntilDoneAsync(id);

        ended.State.Should().Be(WorkState.Done);
        (await test.GetStateAsync<Invoice>(id))!.Receipt.Should().Be("r-1");
    }
}
