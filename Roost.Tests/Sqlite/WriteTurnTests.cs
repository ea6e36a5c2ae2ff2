using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Writers of one file take turns; whoever has had one stands behind those who wait, and nobody waits for ever.</summary>
[TestFixture]
[Platform(Include = "Linux", Reason = "Turns are taken by locks of Linux; elsewhere SQLite's own wait for the write lock has to do.")]
internal sealed class WriteTurnTests : FolderFixture
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [SetUp]
    public void CreateLog() => File.WriteAllBytes(Database + "-wal", []);

    [Test]
    public void A_writer_that_is_alone_keeps_its_turn()
    {
        using WriteTurn turn = Open(TimeSpan.Zero);

        turn.Take();
        turn.GiveWay();

        turn.IsHeld.Should().BeTrue("nobody waits for it");
    }

    [Test]
    public async Task One_that_waits_gets_the_turn_when_it_has_lasted_long_enough()
    {
        using WriteTurn first = Open(TimeSpan.Zero), second = Open(Hour);
        first.Take();
        Task waiting = WaitBehind(first, second);

        first.GiveWay();
        await waiting.Soon();

        first.IsHeld.Should().BeFalse();
        second.IsHeld.Should().BeTrue();
    }

    [Test]
    public async Task Until_then_it_is_kept()
    {
        using WriteTurn first = Open(Hour), second = Open(Hour);
        first.Take();
        Task waiting = WaitBehind(first, second);

        first.GiveWay();
        first.IsHeld.Should().BeTrue();

        first.Release();
        await waiting.Soon();
    }

    [Test]
    public async Task Who_has_had_a_turn_stands_behind_who_waits()
    {
        using WriteTurn first = Open(Hour), second = Open(Hour);
        first.Take();
        Task waiting = WaitBehind(first, second);

        first.Release();
        Task again = Task.Run(first.Take);
        await waiting.Soon();
        second.IsHeld.Should().BeTrue();
        second.Release();
        await again.Soon();

        first.IsHeld.Should().BeTrue();
    }

    [Test]
    public void One_that_holds_its_turn_for_ever_does_not_stop_the_others()
    {
        using WriteTurn stuck = Open(Hour), other = Open(Hour, patience: TimeSpan.Zero);
        stuck.Take();

        other.Take();

        other.IsHeld.Should().BeFalse("it goes on without");
    }

    [Test]
    public async Task A_turn_ends_with_its_handle_as_it_does_with_its_process()
    {
        using WriteTurn other = Open(Hour);
        WriteTurn ending = Open(Hour);
        ending.Take();
        Task waiting = WaitBehind(ending, other);

        ending.Dispose();
        await waiting.Soon();

        other.IsHeld.Should().BeTrue();
    }

    private static Task WaitBehind(WriteTurn holder, WriteTurn next)
    {
        Task waiting = Task.Run(next.Take);
        SpinWait.SpinUntil(() => holder.IsWaitedFor, Gate.Patience).Should().BeTrue();
        return waiting;
    }

    private string Database => folder["roost.db"];

    private WriteTurn Open(TimeSpan longest, TimeSpan? patience = null) => WriteTurn.TryOpen(Database, longest, patience ?? Hour)!;
}
