using Roost.Tests.Support;

namespace Roost.Tests.Conformance;

/// <summary>What tests of waiting have in common: an item that waits once, and what it is told.</summary>
internal abstract class WaitFixture(StoreHost host) : ConformanceTests(host)
{
    /// <summary>Waits once for what is given, and is done with what woke it as an event.</summary>
    private protected static ScriptedEngine Waiter(Wait wait) => ScriptedEngine.From((state, context) =>
    {
        if (state == 0) return Outcome.WaitFor(1, wait);
        context.AddEvent("woken_by", Told(context.Wake));
        return ScriptedEngine.Finish(2);
    });

    private protected static object Told(Wake? wake) => new { kind = wake?.Kind.ToString(), name = wake?.Signal?.Name, payload = wake?.Signal?.Payload };

    private protected static string? WokenBy(RoostRuntime roost, string id) => roost.EventData(id, "engine.woken_by");
}
