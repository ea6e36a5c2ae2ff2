using Roost.Sqlite;
using Roost.Tests.Conformance;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The store in a SQLite file, for the tests of conformance.</summary>
internal sealed class SqliteHost : StoreHost
{
    public override string ToString() => "SQLite";

    public override Task<RoostRuntime> OpenAsync(RoostOptions options) => Task.FromResult(RoostRuntime.CreateTemporary(options));

    public override Task<RoostRuntime> BesideAsync(RoostRuntime other, RoostOptions options) =>
        Task.FromResult(new RoostRuntime(options with { Path = other.Path, Durability = other.Options.Durability }, SqliteStore.Open));

    public override async Task<RoostRuntime> CopyAsync(RoostRuntime of)
    {
        string copy = Path.Combine(Path.GetDirectoryName(of.Path)!, "copy.db");
        await of.BackupAsync(copy);
        return new(of.Options with { Path = copy });
    }

    public override async Task<Ghost> GhostAsync(RoostRuntime beside, params IEngine[] engines) => await SqliteGhost.StartAsync(beside, engines);

    public override IDisposable HoldWrites(RoostRuntime roost) => new HeldWriter(roost);

    public override void MustAgree(RoostRuntime roost) => FileAudit.MustAgree(roost.Path);

    public override void MustHaveNoLeftovers(RoostRuntime roost) => FileAudit.MustHaveNoLeftovers(roost.Path);

    /// <summary>But for what a transaction may leave that changes nothing: its number, and a lane in which there is no item.</summary>
    public override string Everything(RoostRuntime roost) =>
        string.Join('\n', FileValues.Of(roost.Path).Rows.Where(table => table.Key is not ("writer" or "lane" or "sqlite_sequence"))
            .Select(table => $"{table.Key}: {string.Join(" | ", table.Value)}"));

    public override long UntoldEnds(RoostRuntime roost) => roost.Number("SELECT count(*) FROM roost_end");

    public override StoredContent ContentOf(RoostRuntime roost) => new(
        roost.Number("SELECT count(*) FROM roost_blob"),
        roost.Number("SELECT count(*) FROM roost_blob_pin"),
        roost.Number("SELECT count(*) FROM roost_blob_chunk"));

    public override void WriteEvents(RoostRuntime roost, int n, string kind, DateTimeOffset from, TimeSpan apart)
    {
        roost.Execute(
            """
            WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $0)
            INSERT INTO roost_event (seq, at, kind) SELECT (SELECT coalesce(max(seq), 0) FROM roost_event) + 1 + i, $1 + i * $2, $3 FROM n
            """, n, from.ToUnixTimeMilliseconds(), (long)apart.TotalMilliseconds, kind);
        roost.Execute(
            """
            INSERT INTO roost_writer (key, batch, event_seq, ready_seq, saved_at) SELECT 1, 1, max(seq), 0, 0 FROM roost_event WHERE true
            ON CONFLICT (key) DO UPDATE SET event_seq = excluded.event_seq
            """);
    }

    private sealed class HeldWriter : IDisposable
    {
        private readonly ManualResetEventSlim release = new();
        private readonly Task<bool> holding;

        public HeldWriter(RoostRuntime roost)
        {
            using var held = new ManualResetEventSlim();
            holding = roost.Writer.RunAsync(_ =>
            {
                held.Set();
                return release.Wait(Gate.Patience);
            });
            held.Wait(Gate.Patience).Should().BeTrue("the writer is free");
        }

        public void Dispose()
        {
            release.Set();
            holding.Wait(Gate.Patience).Should().BeTrue();
            release.Dispose();
        }
    }
}
