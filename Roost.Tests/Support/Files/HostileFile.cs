using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Roost.Tests.Support;

/// <summary>
/// A data file that somebody else has made: every text in it is hostile, also where this runtime would have refused it. Two items have plain ids to ask
/// for, one of which waits.
/// </summary>
internal static class HostileFile
{
    public const string Plain = "plain-item", Waiting = "waiting-item", Ask = "asked";

    /// <summary>Fills a file with work of each state, then writes the text into every column that takes one.</summary>
    public static async Task FillAsync(string path, string text)
    {
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, Durability = Durability.None, MaxAttempts = 1 }))
        {
            roost.AddEngine(ScriptedEngine.From((state, context) =>
            {
                if (context.Item.Id == Waiting) return Outcome.WaitFor(state + 1, new Wait { Signals = ["go"], Ask = new Ask("Sure?") });
                if (context.Version < 3) return ScriptedEngine.GoOn(state + 1);
                context.AddEvent("said", new { a = 1 });
                context.AddArtifactText("text.txt", text.Replace("\0", "", StringComparison.Ordinal));
                context.AddArtifactBytes("data.json", JsonOf(text), new() { Metadata = new { a = 1 } });
                context.AddArtifactUri("there", new Uri("https://example.com/"));
                return context.Item.Id.StartsWith("done", StringComparison.Ordinal) ? ScriptedEngine.Finish(state) : ScriptedEngine.GiveUp("because");
            }));
            await roost.EnqueueAsync(new WorkItem("scripted", new { a = 1 })
            {
                Id = "parent",
                Delay = TimeSpan.FromHours(1),
                Resources = ["held"],
                ResourceHold = ResourceHold.Life,
            });
            await roost.EnqueueAsync([
                new WorkItem("scripted", new { a = 1 })
                {
                    Id = Plain,
                    ParentId = "parent",
                    IdempotencyKey = "key",
                    Resources = ["free"],
                },
                new WorkItem("scripted", new { a = 1 }) { Id = "done-1" },
                new WorkItem("scripted", new { a = 1 }) { Id = Waiting },
                new WorkItem("scripted", new { a = 1 }) { Id = "failed-2" },
                new WorkItem("other", new { a = 1 }) { Id = "waits", Queue = "elsewhere" },
                new WorkItem("scripted") { Id = "unwanted", Delay = TimeSpan.FromHours(1) },
            ]);
            await roost.RunUntilIdleAsync();
            await roost.CancelAsync("unwanted", "because");
            await roost.SignalAsync(Waiting, "other", 1, "id");
        }
        Spoil(path, text);
    }

    /// <summary>JSON whose keys and texts hold the text, written as it is where JSON allows it.</summary>
    private static byte[] JsonOf(string text)
    {
        var loose = new StringBuilder("{");
        foreach ((string key, string value) in new[] { (text, text), ("message", text), ("worker", text), ("step", text), ("reason", text), ("version", "7") })
            loose.Append(Quoted(key)).Append(':').Append(Quoted(value)).Append(',');
        return Encoding.UTF8.GetBytes(loose.Append("\"list\":[").Append(Quoted(text)).Append("]}").ToString());
    }

    private static string Quoted(string text) =>
        $"\"{string.Concat(text.Select(c => c switch { '"' => "\\\"", '\\' => "\\\\", < ' ' => $"\\u{(int)c:x4}", _ => c.ToString() }))}\"";

    private static void Spoil(string path, string text)
    {
        byte[] json = JsonOf(text);
        string stored = Encoding.UTF8.GetString(json), names = JsonSerializer.Serialize(new[] { text });
        void Run(string sql) => Probe.Execute(path, sql, text, stored, Plain, SHA256.HashData(json), names, Waiting);
        Run("UPDATE roost_work SET id = $0 || key WHERE id NOT IN ($2, $5)");
        Run($"UPDATE roost_ask SET id = '{Ask}', question = $0, assignee = $0, artifacts = $4");
        Run("UPDATE roost_wait SET signals = $4");
        Run("UPDATE roost_signal SET name = $0, signal_id = $0, payload = $1, sha256 = $3");
        Run("UPDATE roost_work SET cancel_reason = $0 WHERE cancel_reason IS NOT NULL OR state = 'queued'");
        Run("UPDATE roost_work SET blocked_on = $0, due_at = NULL, place = 1 WHERE due_at IS NOT NULL AND key = (SELECT min(key) FROM roost_work)");
        Run("UPDATE roost_lane SET engine = $0 || key, queue = $0");
        Run("UPDATE roost_work_input SET payload = $1, payload_sha256 = NULL, idempotency_key = CASE WHEN idempotency_key IS NULL THEN NULL ELSE $0 END");
        Run("UPDATE roost_idempotency SET engine = $0, key = $0");
        Run("UPDATE roost_work_resource SET name = $0");
        Run("UPDATE roost_snapshot SET step = $0, data = $1, sha256 = $3");
        Run("UPDATE roost_failure SET reason = $0, error_type = $0, message = $0, stack = $0");
        Run("UPDATE roost_event SET data = $1, kind = CASE WHEN kind IN ('engine.said', 'worker_started') THEN $0 ELSE kind END");
        Run(
            "UPDATE roost_artifact SET name = $0 || name, media_type = $0, uri = CASE WHEN uri IS NULL THEN NULL ELSE 'javascript:' || $0 END, metadata = " +
            "$1 WHERE work <> (SELECT key FROM roost_work WHERE id = $2)"
        );
        Run("UPDATE roost_artifact SET media_type = $0, uri = CASE WHEN uri IS NULL THEN NULL ELSE 'javascript:' || $0 END, metadata = $1");
        Run("INSERT OR REPLACE INTO roost_resource (name, work, since) SELECT $0, key, 1 FROM roost_work WHERE id = $2");
        Run(
            "INSERT INTO roost_worker (id, process_id, machine, lock_file, started_at, heartbeat, heartbeat_at, expires_at, lease_ms, concurrency, " +
            "engines, queues) VALUES ($0, 1, $0, 'gone.lock', 1, 1, 1, 1, 1, 1, '[]', $4)"
        );
        Run("INSERT INTO roost_trigger_rule (when_engine, enqueue_engine, condition, fields, fixed, max_depth) VALUES ($0, $0, $0, '{}', '{}', 1)");
        Run(
            "UPDATE roost_work SET state = 'running', worker = (SELECT max(key) FROM roost_worker), token = 1, claimed_at = 1, ready_seq = NULL, ready_at " +
            "= NULL WHERE ready_seq IS NOT NULL"
        );
    }
}
