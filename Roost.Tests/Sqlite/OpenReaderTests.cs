using Dapper;
using Microsoft.Data.Sqlite;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>A reader of the file beside the runtime.</summary>
[TestFixture]
internal sealed class OpenReaderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Test]
    public async Task A_reader_that_stays_open_sees_one_moment_and_blocks_nobody()
    {
        await using RoostRuntime roost = TestRuntime.Create(null, ScriptedEngine.CountingTo(5));
        await roost.EnqueueAsync(new WorkItem("other"));
        using SqliteConnection reader = FileAudit.Open(roost.Path);
        reader.Execute("BEGIN DEFERRED");
        reader.ExecuteScalar<long>("SELECT count(*) FROM roost_work").Should().Be(1);

        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        string[] ids = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () => (await roost.EnqueueAsync(new WorkItem("scripted"))).Id)))
            .WaitAsync(Patience);
        foreach (string id in ids)
            (await roost.WaitAsync(id, Patience)).State.Should().Be(WorkState.Done);
        await stop.CancelAsync();
        await loop.WaitAsync(Patience);

        reader.ExecuteScalar<long>("SELECT count(*) FROM roost_work").Should().Be(1, "its transaction is still the same");
        reader.Execute("ROLLBACK");
        reader.ExecuteScalar<long>("SELECT count(*) FROM roost_work").Should().Be(201);
        FileAudit.MustAgree(roost.Path);
    }
}
