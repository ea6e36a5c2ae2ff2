using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Sqlite.Tables;

namespace Roost.Benchmarks;

/// <summary>
/// The floor: one thread that executes the product's own statements for claiming, stepping and finishing items, as many steps to a
/// transaction as the concurrency beside it, with nothing around them: no engine, no queue, no thread to hand over to.
/// </summary>
internal sealed class BareLoop : IDisposable
{
    private readonly SqliteConnection connection;
    private readonly Statement begin, commit, head, load, lease, save, event_, keep, setLane, snapshot, trim, count, writer, forget;
    private readonly long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
    private long eventSeq = 1_000_000;

    public BareLoop(string path)
    {
        connection = Database.OpenForWriting(path, new RoostOptions { Path = path });
        begin = Prepare("BEGIN IMMEDIATE");
        commit = Prepare("COMMIT");
        head = Prepare(
            "SELECT key, priority, ready_seq FROM roost_work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 0 ORDER BY priority DESC, ready_seq LIMIT 1"
        );
        load = Prepare("SELECT key, lane, state, priority, version, token FROM roost_work WHERE key = ?1");
        lease = Prepare(
            """
            SELECT w.id, w.created_at, i.payload, i.nonce, s.data, s.sha256 FROM roost_work w
            JOIN roost_work_input i ON i.work = w.key LEFT JOIN roost_snapshot s ON s.work = w.key AND s.version = w.version WHERE w.key = ?1
            """);
        save = Prepare(
            """
            UPDATE roost_work SET lane = ?4, state = ?5, version = ?6, updated_at = ?7, ended_at = ?8, ready_seq = NULL, ready_at = NULL, due_at = NULL,
                blocked_on = NULL, place = NULL, solo = 0, worker = ?9, token = ?10, claimed_at = ?7, failures = 0, interruptions = 0
            WHERE key = ?1 AND token IS ?2 AND version = ?3
            """);
        event_ = Prepare("INSERT INTO roost_event (seq, at, kind, work, data) VALUES (?1, ?2, ?3, ?4, ?5)");
        keep = Prepare("UPDATE roost_work SET version = ?3 + 1 WHERE key = ?1 AND token = ?2 AND version = ?3 AND cancel_requested = 0");
        setLane = Prepare("UPDATE roost_work SET lane = ?2 WHERE key = ?1");
        snapshot = Prepare(
            "INSERT INTO roost_snapshot (work, version, state_version, step, data, sha256, delay_ms, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        );
        trim = Prepare("DELETE FROM roost_snapshot WHERE work = ?1 AND version > ?2 AND version <= ?3");
        count = Prepare("INSERT INTO roost_lane_count (lane, condition, n) VALUES (?1, ?2, ?3) ON CONFLICT (lane, condition) DO UPDATE SET n = n + excluded.n");
        writer = Prepare(
            """
            INSERT INTO roost_writer (key, batch, event_seq, ready_seq, saved_at) VALUES (1, 1, ?1, 0, ?2)
            ON CONFLICT (key) DO UPDATE SET batch = batch + 1, event_seq = excluded.event_seq
            """);
        forget = Prepare("DELETE FROM roost_failure WHERE work = ?1");
    }

    private sealed class Slot
    {
        public long Work, Token;
        public int Version;
    }

    /// <summary>Steps everything that is ready in lane 1 to its end; how many steps and how long.</summary>
    public (long Steps, TimeSpan Time) Run(int stepsEach, int perTransaction)
    {
        byte[] state = Encoding.UTF8.GetBytes($$"""{"count":1,"target":{{stepsEach}},"note":"{{new string('x', 150)}}"}""");
        byte[] hash = SHA256.HashData(state);
        long laterLane = 2;
        var slots = new Slot?[perTransaction];
        long steps = 0;
        var watch = Stopwatch.StartNew();
        for (bool any = true; any;)
        {
            any = false;
            begin.Run();
            for (int i = 0; i < slots.Length; i++)
            {
                if (slots[i] is { } slot)
                {
                    any = true;
                    steps++;
                    if (Step(slot, stepsEach, laterLane, state, hash)) continue;
                    slots[i] = null;
                }
                slots[i] = Claim();
                any |= slots[i] is not null;
            }
            count.Bind(1, 1).Bind(2, "running").Bind(3, 0).Run();
            count.Bind(1, 2).Bind(2, "running").Bind(3, 0).Run();
            writer.Bind(1, eventSeq).Bind(2, now).Run();
            commit.Run();
        }
        return (steps, watch.Elapsed);
    }

    public void Dispose()
    {
        foreach (Statement statement in new[] { begin, commit, head, load, lease, save, event_, keep, setLane, snapshot, trim, count, writer, forget })
            statement.Dispose();
        connection.Dispose();
    }

    private Slot? Claim()
    {
        if (head.Bind(1, 1).Scalar() is not { } work) return null;
        load.Bind(1, work).Scalar();
        long token = Counters.Token();
        save.Bind(1, work).BindNull(2).Bind(3, 0).Bind(4, 1).Bind(5, "running").Bind(6, 0).Bind(7, now).BindNull(8).Bind(9, 1).Bind(10, token).Run();
        Append("claimed", work, """{"worker":1}""");
        lease.Bind(1, work).Scalar();
        return new() { Work = work, Token = token };
    }

    /// <summary>One step; false where it was the item's last.</summary>
    private bool Step(Slot slot, int stepsEach, long lane, byte[] state, byte[] hash)
    {
        int version = slot.Version + 1;
        bool last = version > stepsEach;
        if (last)
        {
            load.Bind(1, slot.Work).Scalar();
            save.Bind(1, slot.Work)
                .Bind(2, slot.Token)
                .Bind(3, slot.Version)
                .Bind(4, lane)
                .Bind(5, "done")
                .Bind(6, version)
                .Bind(7, now)
                .Bind(8, now)
                .BindNull(9)
                .BindNull(10)
                .Run();
        }
        else
        {
            keep.Bind(1, slot.Work).Bind(2, slot.Token).Bind(3, slot.Version).Run();
            if (version == 1) setLane.Bind(1, slot.Work).Bind(2, lane).Run();
        }
        snapshot.Bind(1, slot.Work).Bind(2, version).Bind(3, 1).Bind(4, "step").BindText(5, state).BindBlob(6, hash).Bind(7, 0).Bind(8, now).Run();
        if (version > 40) trim.Bind(1, slot.Work).Bind(2, 20).Bind(3, version - 20).Run();
        Append(last ? "done" : "stepped", slot.Work, """{"version":3,"step":"init"}""");
        if (last) forget.Bind(1, slot.Work).Run();
        slot.Version = version;
        return !last;
    }

    private void Append(string kind, long work, string data) =>
        event_.Bind(1, ++eventSeq).Bind(2, now).Bind(3, kind).Bind(4, work).Bind(5, data).Run();

    private Statement Prepare(string sql) => new(connection.Handle!, sql);
}
