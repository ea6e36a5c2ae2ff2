using System.Diagnostics;
using System.Text;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;
using Roost.Sqlite.Writing;

namespace Roost.Benchmarks;

/// <summary>The floor of enqueueing: one thread that runs the product's own prepared statements for so many items to a transaction, and nothing else.</summary>
internal sealed class BareInserts : IDisposable
{
    private readonly Session session;
    private readonly Statement begin, commit, find, item, input, event_, count, writer;
    private readonly long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    private readonly byte[] payload = Encoding.UTF8.GetBytes("""{"count_to":5}""");
    private readonly byte[] hash = new byte[32];
    private long eventSeq, readySeq;

    /// <param name="path">A file in which the product has enqueued one item, so that its lane is there.</param>
    public BareInserts(string path)
    {
        session = new Session(path, new RoostOptions { Path = path });
        begin = Of("BEGIN IMMEDIATE");
        commit = Of("COMMIT");
        find = Of("SELECT key FROM roost_work WHERE id = ?1");
        item = Of("INSERT INTO roost_work (");
        input = Of("INSERT INTO roost_work_input (");
        event_ = Of("INSERT INTO roost_event (");
        count = Of("INSERT INTO roost_lane_count (");
        writer = Of("INSERT INTO roost_writer (");
    }

    public TimeSpan Run(int items, int perTransaction)
    {
        var watch = Stopwatch.StartNew();
        for (int done = 0; done < items; done += perTransaction)
        {
            int n = Math.Min(perTransaction, items - done);
            begin.Run();
            for (int i = 0; i < n; i++) Insert();
            count.Bind(1, 1).Bind(2, "ready").Bind(3, n).Run();
            writer.Bind(1, 1).Bind(2, done).Bind(3, eventSeq).Bind(4, readySeq).Bind(5, now).Run();
            commit.Run();
        }
        return watch.Elapsed;
    }

    public void Dispose() => session.Dispose();

    private void Insert()
    {
        string id = Guid.CreateVersion7().ToString();
        find.Bind(1, id).Scalar();
        long key = item.Bind(1, id)
            .Bind(2, 1)
            .Bind(3, 0)
            .Bind(4, now)
            .Bind(5, ++readySeq + 1000)
            .Bind(6, now)
            .BindNull(7)
            .BindNull(8)
            .BindNull(9)
            .Bind(10, 0)
            .Bind(11, 0)
            .BindNull(12)
            .Bind(13, 0)
            .Scalar()!
            .Value;
        input.Bind(1, key).BindText(2, payload).Bind(3, Counters.Token()).Bind(4, 0).BindNull(5).BindNull(6).BindNull(7).BindBlob(8, hash)
            .BindNull(9)
            .BindNull(10)
            .Run();
        event_.Bind(1, ++eventSeq + 1000).Bind(2, now).Bind(3, "enqueued").Bind(4, key).Bind(5, """{"engine":"counter"}""").Run();
    }

    private Statement Of(string beginning) =>
        session.Connection.Statements.First(statement => statement.Sql.TrimStart().StartsWith(beginning, StringComparison.Ordinal));
}
