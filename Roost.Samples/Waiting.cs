namespace Roost.Samples;

internal sealed record Order(decimal Total, decimal Paid = 0);

internal sealed record Payment(decimal Amount);

/// <summary>Waits until an order is paid, in as many parts as it takes; gives it up three days after the last one.</summary>
internal sealed class OrderEngine : Engine<Order>
{
    public override string EngineId => "order";

    protected override Order Init(WorkItem item) => item.PayloadAs<Order>();

    protected override Task<Outcome> StepAsync(Order order, StepContext context)
    {
        if (context.Wake is { Kind: WakeKind.Timeout }) return Task.FromResult(Fail("It was not paid within three days."));
        if (context.Wake?.Signal is { } signal) order = order with { Paid = order.Paid + signal.PayloadAs<Payment>().Amount };
        return Task.FromResult(order.Paid < order.Total
            ? WaitFor("payment", order, timeout: TimeSpan.FromDays(3), step: "wait")
            : Done(order, step: "paid"));
    }
}

/// <summary>Roost waits for the world: nothing runs until a signal comes, and each is applied once.</summary>
internal static class Waiting
{
    public static async Task RunAsync(string file)
    {
        await using var roost = new RoostRuntime(file);
        roost.AddEngine(new OrderEngine());
        string id = await roost.EnqueueAsync(new WorkItem("order", new Order(20)));
        await roost.RunUntilIdleAsync();
        Console.WriteLine($"{id}: {(await roost.GetAsync(id)).Situation}.");

        await roost.SignalAsync(id, "payment", new Payment(12.5m), signalId: "evt_81");
        await roost.SignalAsync(id, "payment", new Payment(12.5m), signalId: "evt_81"); // Delivered twice, and still one.
        await roost.SignalAsync(id, "payment", new Payment(7.5m), signalId: "evt_82");

        WorkSummary ended = await roost.RunUntilDoneAsync(id);
        Console.WriteLine($"{id}: {ended.State.Name()} at version {ended.Version}.");
    }
}
