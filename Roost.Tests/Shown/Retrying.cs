using System.Net;
using System.Net.Http.Json;

namespace Roost.Tests.Shown;

internal sealed record Booking(string Room, string? Confirmation = null);

/// <summary>Code that pages show: an engine that says what to do about failures.</summary>
internal sealed class BookingEngine(HttpClient http) : Engine<Booking>
{
    public override string EngineId => "booking";

    public override OnInterrupted OnInterrupted => OnInterrupted.Park;

    protected override Booking Init(WorkItem item) => item.PayloadAs<Booking>();

    protected override async Task<Outcome> StepAsync(Booking booking, StepContext context)
    {
        using var call = new HttpRequestMessage(HttpMethod.Post, "https://rooms.example/bookings") { Content = JsonContent.Create(booking) };
        call.Headers.Add("Idempotency-Key", context.IdempotencyKey);
        using HttpResponseMessage response = await http.SendAsync(call, context.CancellationToken);
        if (response.StatusCode == HttpStatusCode.TooManyRequests)
            return RetryAfter(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromMinutes(1), "the service is busy");
        response.EnsureSuccessStatusCode();
        return Done(booking with { Confirmation = await response.Content.ReadAsStringAsync(context.CancellationToken) });
    }

    protected override RetryDecision Retry(Exception exception, int attempt) => exception switch
    {
        HttpRequestException { StatusCode: HttpStatusCode.NotFound or HttpStatusCode.Unauthorized } => RetryDecision.Never, // A dead letter: not_retried.
        HttpRequestException { StatusCode: HttpStatusCode.ServiceUnavailable } => RetryDecision.After(TimeSpan.FromMinutes(2)),
        _ => RetryDecision.Default,
    };

    protected override async Task OnEndedAsync(Booking? booking, EndContext context)
    {
        if (booking is null) return; // It ended before it had a state.
        using var call = new HttpRequestMessage(HttpMethod.Delete, $"https://rooms.example/holds/{booking.Room}");
        call.Headers.Add("Idempotency-Key", context.IdempotencyKey);
        using HttpResponseMessage response = await http.SendAsync(call, context.CancellationToken);
        response.EnsureSuccessStatusCode();
    }
}
