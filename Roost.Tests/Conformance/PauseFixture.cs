namespace Roost.Tests.Conformance;

/// <summary>What tests of pauses have in common: everything that may be paused.</summary>
internal abstract class PauseFixture(StoreHost host) : ConformanceTests(host)
{
    private protected const string Why = "the vendor is down", Who = "operator";

    private protected static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private protected static readonly PauseTarget Engine = PauseTarget.Engine("scripted"), Queue = PauseTarget.Queue("default");

    public static IEnumerable<TestCaseData> Targets =>
    [
        new TestCaseData(PauseTarget.Item("it")).SetArgDisplayNames("item"), new TestCaseData(Engine).SetArgDisplayNames("engine"),
        new TestCaseData(Queue).SetArgDisplayNames("queue"), new TestCaseData(PauseTarget.File).SetArgDisplayNames("file"),
    ];
}
