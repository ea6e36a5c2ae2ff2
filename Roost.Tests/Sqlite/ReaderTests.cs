using System.Data;
using Microsoft.Data.Sqlite;
using Roost.Sqlite;
using Roost.Sqlite.Files;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The connections that reads run on.</summary>
[TestFixture]
internal sealed class ReaderTests
{
    [Test]
    public async Task The_next_read_uses_the_connection_of_the_one_before_and_sees_what_was_written_since()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        var reader = new Reader(roost.Path, roost.Options);
        (SqliteConnection first, long before) = reader.Run(db => (db, Count(db)));

        await roost.EnqueueAsync(new WorkItem("x"));

        (SqliteConnection second, long after) = reader.Run(db => (db, Count(db)));
        second.Should().BeSameAs(first);
        (before, after).Should().Be((0, 1));
        reader.Close();
        first.State.Should().Be(ConnectionState.Closed);
    }

    [Test]
    public async Task Reads_at_the_same_time_have_a_connection_each()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        var reader = new Reader(roost.Path, roost.Options);

        reader.Run(outer => reader.Run(inner => ReferenceEquals(inner, outer))).Should().BeFalse();

        reader.Close();
    }

    [Test]
    public async Task The_connection_of_a_read_that_failed_is_closed()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        var reader = new Reader(roost.Path, roost.Options);
        SqliteConnection? failed = null;

        reader
            .Invoking(it => it.Run<long>(db => throw new NotSupportedException((failed = db).DataSource)))
            .Should()
            .Throw<RoostException>()
            .WithInnerException<NotSupportedException>();

        failed!.State.Should().Be(ConnectionState.Closed);
        reader.Run(Count).Should().Be(0);
        reader.Close();
    }

    [Test]
    public async Task A_read_that_ends_after_the_runtime_was_disposed_leaves_nothing_open()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        var reader = new Reader(roost.Path, roost.Options);

        SqliteConnection late = reader.Run(db =>
        {
            reader.Close();
            return db;
        });

        late.State.Should().Be(ConnectionState.Closed);
        reader.Invoking(it => it.Run(Count)).Should().Throw<ObjectDisposedException>();
    }

    private static long Count(SqliteConnection db) => (long)Database.Scalar(db, "SELECT count(*) FROM roost_work")!;
}
