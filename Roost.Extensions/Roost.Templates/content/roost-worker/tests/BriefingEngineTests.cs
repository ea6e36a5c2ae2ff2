using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using Roost;
using Roost.Testing;

namespace Worker.Tests;

public sealed class BriefingEngineTests
{
    private static readonly WorkItem Item = new("briefing", new Briefing(["tides", "moths"], []));

    [Test]
    public async Task It_stands_a_crash_around_every_commit() => await EngineVerifier.VerifyAsync(MakeEngine, Item);

    [Test]
    public async Task A_step_writes_about_one_topic()
    {
        StepResult<Briefing> step = await MakeEngine().StepAsync(new Briefing(["tides", "moths"], []));

        Assert.That(step.State!.Written, Is.EqualTo(new[] { "A paragraph about tides." }));
    }

    private static BriefingEngine MakeEngine() => new(NullLogger<BriefingEngine>.Instance);
}
