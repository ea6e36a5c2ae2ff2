using System.Net;

namespace Roost.Tests.Shown;

/// <summary>Runs <see cref="BookingEngine"/> as its page says.</summary>
internal static class RetryingRuns
{
    public static async Task BusyThenBookedAsync(string file)
    {
        var rooms = new Rooms(HttpStatusCode.TooManyRequests, HttpStatusCode.OK);
        using var http = new HttpClient(rooms);
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new BookingEngine(http));

        WorkSummary ended = await roost.RunUntilDoneAsync(await roost.EnqueueAsync(new WorkItem("booking", new Booking("7"))));

        (ended.State, rooms.Calls).Should().Be((WorkState.Done, 2));
    }

    public static async Task NotFoundIsADeadLetterAndTheHoldIsReleasedAsync(string file)
    {
        var rooms = new Rooms(HttpStatusCode.NotFound, HttpStatusCode.OK);
        using var http = new HttpClient(rooms);
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new BookingEngine(http));
        string id = await roost.EnqueueAsync(new WorkItem("booking", new Booking("7")));

        await roost.RunUntilIdleAsync();

        (await roost.GetDeadLetterAsync(id)).Failure.Reason.Should().Be("not_retried");
        rooms.Calls.Should().Be(2);
    }

    private sealed class Rooms(params HttpStatusCode[] answers) : HttpMessageHandler
    {
        public int Calls { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = new HttpResponseMessage(answers[Calls++]) { Content = new StringContent("c-1") };
            if (answer.StatusCode == HttpStatusCode.TooManyRequests) answer.Headers.RetryAfter = new(TimeSpan.FromMilliseconds(50));
            return Task.FromResult(answer);
        }
    }
}
