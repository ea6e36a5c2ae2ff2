using Microsoft.Extensions.Time.Testing;
using Roost.Execution;
using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>A clock that was set, or a process that has slept, says nothing of others' leases for one lease.</summary>
[TestFixture]
internal sealed class ClockWatchTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30), Pause = TimeSpan.FromSeconds(5);
    private const long LeaseMs = 30_000;

    private FakeTimeProvider time = null!;
    private SetClock wall = null!;
    private KeptLog log = null!;
    private ClockWatch watch = null!;

    [SetUp]
    public void Begin()
    {
        (time, log) = (TestRuntime.Clock(), new KeptLog());
        wall = new SetClock(time);
        watch = new(new Clock(wall), Lease, Pause, log);
    }

    [TearDown]
    public void End() => log.Dispose();

    [TestCase(1)]
    [TestCase(-1)]
    public void A_clock_that_was_set_by_more_than_half_a_lease_is_seen_once_and_doubted_for_one_lease(int direction)
    {
        wall.SetBy = direction * TimeSpan.FromSeconds(16);

        watch.Look().Should().Match<ClockLook>(look => look.Jumped && !look.Slept);
        watch.Look().Jumped.Should().BeFalse("it was told");
        watch.LeftOfJump.Should().Be(Lease);
        watch.TellsExpiry(watch.Look().Now, LeaseMs).Should().BeFalse();

        time.Advance(Lease - TimeSpan.FromMilliseconds(1));
        watch.LeftOfJump.Should().Be(TimeSpan.FromMilliseconds(1));
        watch.TellsExpiry(watch.Look().Now, LeaseMs).Should().BeFalse();

        time.Advance(TimeSpan.FromMilliseconds(1));
        watch.LeftOfJump.Should().BeNull();
    }

    [Test]
    public void A_clock_that_was_set_by_less_is_told_of_and_not_doubted()
    {
        wall.SetBy = TimeSpan.FromSeconds(-14);

        watch.Look().Jumped.Should().BeFalse();
        watch.LeftOfJump.Should().BeNull();
        watch.TellsExpiry(watch.Look().Now, LeaseMs).Should().BeTrue();
        watch.Tell();
        watch.Tell();
        log.Lines.Should().Equal("The clock was set by -00:00:14");
    }

    [Test]
    public void Who_has_slept_doubts_the_leases_of_others_and_claims()
    {
        time.Advance(Pause + Lease / 2);
        watch.Look().Slept.Should().BeFalse("so long it may be between two looks");

        time.Advance(Pause + Lease / 2 + TimeSpan.FromMilliseconds(1));
        watch.Look().Should().Match<ClockLook>(look => look.Slept && !look.Jumped);
        watch.LeftOfJump.Should().BeNull("others are doubted, not the own clock");
        for (int i = 0; i < 6; i++)
        {
            watch.TellsExpiry(watch.Look().Now, LeaseMs).Should().BeFalse();
            time.Advance(Pause);
        }
        watch.TellsExpiry(watch.Look().Now, LeaseMs).Should().BeTrue("whoever lives has shown itself");
    }
}
