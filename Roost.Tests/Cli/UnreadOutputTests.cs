using Roost.Commands.Output;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>Verbs without an end, whose output nobody reads any more, or nobody takes.</summary>
[TestFixture]
[Platform(Exclude = "Win", Reason = "There are no such pipes.")]
internal sealed class UnreadOutputTests
{
    private CommandFolder roost = null!;

    [SetUp]
    public async Task SetUp()
    {
        roost = new();
        await roost.EnqueueAsync("-p", "{\"count_to\":1500}");
    }

    [TearDown]
    public void TearDown() => roost.Dispose();

    [TestCase("events", "--follow")]
    [TestCase("list", "--watch", "0.1s")]
    public async Task What_goes_on_without_an_end_ends_quietly_when_its_reader_is_gone(params string[] verb)
    {
        await using CommandProcess endless = roost.Start(verb);
        await endless.ReadLineAsync();

        endless.CloseOutput();

        (await endless.ExitedAsync()).Should().Be(0);
        (await endless.ErrorAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task A_verb_is_stuck_once_it_was_asked_to_stop_and_waits_for_another_program_or_a_person_still()
    {
        using var output = new WatchedOutput(TextWriter.Null);
        using CancellationTokenSource stop = new(), ended = new();
        WatchedOutput.Mark waiting = output.Blocking();
        Task stuck = output.StuckAsync(stop.Token, ended.Token);
        stuck.IsCompleted.Should().BeFalse("nobody has asked it to stop");

        await stop.CancelAsync();
        await stuck.Soon();

        waiting.Dispose();
        Task free = output.StuckAsync(stop.Token, ended.Token);
        await ended.CancelAsync();
        await FluentActions.Awaiting(() => free).Should().ThrowAsync<OperationCanceledException>("it ended by itself");
    }

    [Test]
    public async Task What_waits_for_its_reader_ends_when_it_is_told_to()
    {
        await roost.WorkAsync();
        await using CommandProcess endless = roost.Start("events", "--follow", "--after", "0");
        await endless.ReadLineAsync();

        await endless.SignalAsync("INT");

        (await endless.ExitedAsync()).Should().Be(130);
    }
}
