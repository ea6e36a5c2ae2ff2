using System.Net;
using Roost.Testing;

namespace Roost.Tests;

/// <summary>Steps that make effects are crashed around each record of them, and HTTP calls outside of one are told of.</summary>
[TestFixture]
internal sealed class VerifierEffectTests
{
    private sealed record Booked(string? Flight, string? Hotel, string? Car);

    /// <summary>Books by three effects, each of another kind, whose services give another number to each call.</summary>
    private sealed class Booking(bool remembers = false) : Engine<Booked>
    {
        public override string EngineId => "booking";

        protected override Booked Init(WorkItem item) => new(null, null, null);

        protected override async Task<Outcome> StepAsync(Booked state, StepContext context)
        {
            string? told = null;
            string flight = await context.OnceAsync("flight", _ => NumberAsync());
            string hotel = await context.OnceAsync("hotel", async _ => told = await NumberAsync(), new() { Interrupted = Effect.Ask });
            string car = await context.OnceAsync("car", _ => NumberAsync(), new()
            {
                Interrupted = Effect.Probe<string>((_, _) => Task.FromResult<Probed<string>>(Probed.Unknown)),
            });
            return Done(new(flight, remembers ? told : hotel, car));
        }

        private static Task<string> NumberAsync() => Task.FromResult(Guid.NewGuid().ToString("N"));
    }

    /// <summary>Pays outside of an effect, or within one of either kind, with the key or without.</summary>
    private sealed class Paying(HttpClient http, string where) : Engine<int>
    {
        public override string EngineId => "paying";

        protected override int Init(WorkItem item) => 0;

        protected override async Task<Outcome> StepAsync(int state, StepContext context)
        {
            await context.OnceAsync("quote", _ => Task.FromResult(7));
            await (where switch
            {
                "outside" => PostAsync(null, context.CancellationToken),
                "outside with a key" => PostAsync(context.KeyFor("pay"), context.CancellationToken),
                "repeated" => context.OnceAsync("pay", token => PostAsync(null, token)),
                "repeated with the key" => context.OnceAsync("pay", PostAsync),
                _ => context.OnceAsync("pay", token => PostAsync(null, token), new() { Interrupted = Effect.Ask }),
            });
            return Done(1);
        }

        private async Task PostAsync(string? key, CancellationToken token)
        {
            using var call = new HttpRequestMessage(HttpMethod.Post, "http://pay/charges") { Content = new StringContent("7") };
            if (key is not null) call.Headers.Add("Idempotency-Key", key);
            using HttpResponseMessage answer = await http.SendAsync(call, token);
            answer.EnsureSuccessStatusCode();
        }
    }

    private sealed class Bank : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
    }

    [Test]
    public async Task A_step_whose_calls_are_effects_passes_though_each_call_has_another_result()
    {
        VerificationReport report = await EngineVerifier.VerifyAsync(() => new Booking(), new WorkItem("booking"));

        report.Item!.State.Should().Be(WorkState.Done);
        report.CrashesAroundEffects.Should().Be(7, "three results are written, and twice that a call begins, of which nobody knows how it ended");
        report.ToString().Should().Contain(", 7 around an effect");
    }

    [Test]
    public async Task What_a_call_leaves_in_a_variable_is_found_to_be_missing_where_it_is_not_made_again()
    {
        VerificationReport report = await EngineVerifier.CheckAsync(() => new Booking(remembers: true), new WorkItem("booking"));

        report.Findings.Should().Contain(found => found.Kind == FindingKind.TriesDiffer && found.Paths.Contains("state.hotel"));
    }

    [TestCase("outside", FindingKind.CallOutsideEffect)]
    [TestCase("outside with a key", null)]
    [TestCase("repeated", FindingKind.CallWithoutKey)]
    [TestCase("repeated with the key", null)]
    [TestCase("asked about", null)]
    public async Task A_POST_that_a_further_try_would_make_again_is_told_of(string where, FindingKind? found)
    {
        using var http = new HttpClient(new StepKeyHandler(new Bank()));

        VerificationReport report = await EngineVerifier.CheckAsync(() => new Paying(http, where), new WorkItem("paying"));

        report.Findings.Select(finding => (FindingKind?)finding.Kind).Should().Equal(found is null ? [] : [found]);
        if (found == FindingKind.CallOutsideEffect) report.Findings[0].ToDo.Should().Contain("context.OnceAsync");
        if (found == FindingKind.CallWithoutKey) report.Findings[0].Seen.Should().Contain("the effect's key");
    }

    [Test]
    public async Task A_single_step_tells_its_effects()
    {
        StepResult<Booked> result = await new Booking().StepAsync(new Booked(null, null, null));

        result.Effects.Select(effect => (effect.Path, effect.Result.GetString())).Should()
            .Equal(("flight", result.State!.Flight), ("hotel", result.State.Hotel), ("car", result.State.Car));
        result.Effects.Select(effect => effect.Key).Should().OnlyHaveUniqueItems();
    }
}
