using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>
/// Walks a file's events in their order, past the code under test: nobody steps what was not claimed, a held name has one holder, and what
/// lands under a worker's claims comes from one process. Not for files whose events are trimmed.
/// </summary>
internal static class EventAudit
{
    private enum Place
    {
        Queued,
        Running,

        /// <summary>It has stepped, and only its next event tells whether it kept its lease.</summary>
        Stepped,
        Failed,
        Ended,
    }

    private sealed class Item
    {
        public required string Id { get; init; }
        public bool HoldsForLife { get; init; }
        public List<string> Names { get; } = [];
        public List<string> Kinds { get; } = [];
        public int At { get; set; }
        public Place Place { get; set; }
        public bool Holding { get; set; }
        public string? Worker { get; set; }

        /// <summary>It holds its names now: for its life, or because it surely runs.</summary>
        public bool Excludes => Holding || Place == Place.Running || (Place == Place.Stepped && At < Kinds.Count && EndsARun(Kinds[At]));
    }

    public static void MustBeOrderly(string path)
    {
        using SqliteConnection file = FileAudit.Open(path);
        var items = file.Query<(long Key, string Id, long Life)>("SELECT key, id, hold_for_life FROM roost_work")
            .ToDictionary(row => row.Key, row => new Item { Id = row.Id, HoldsForLife = row.Life != 0 });
        var wanting = new Dictionary<string, List<Item>>();
        foreach ((long work, string name) in file.Query<(long, string)>("SELECT work, name FROM roost_work_resource"))
        {
            items[work].Names.Add(name);
            if (!wanting.TryGetValue(name, out List<Item>? others)) wanting[name] = others = [];
            others.Add(items[work]);
        }
        List<(long Seq, string Kind, long Work, string? Worker, string? By)> events = [.. file.Query<(long, string, long, string?, string?)>(
            """
            SELECT e.seq, e.kind, e.work, e.data ->> 'worker',
                   CASE WHEN json_type(state_of(s.work, s.version)) = 'object' THEN state_of(s.work, s.version) ->> 'by' END
            FROM roost_event e
            LEFT JOIN roost_snapshot s ON s.work = e.work AND e.kind IN ('stepped', 'done') AND s.version = CAST(e.data ->> 'version' AS INTEGER)
            WHERE e.work IS NOT NULL AND e.kind NOT LIKE 'engine.%'
                AND e.kind NOT IN ('triggered', 'trigger_skipped', 'priority_changed', 'run_again', 'end_told', 'end_untold') ORDER BY e.seq
            """)];
        foreach ((_, string kind, long work, _, _) in events)
            if (items.TryGetValue(work, out Item? item)) item.Kinds.Add(kind);

        var wrong = new List<string>();
        var processes = new Dictionary<string, string>();
        foreach ((long seq, string kind, long work, string? worker, string? by) in events)
        {
            if (!items.TryGetValue(work, out Item? item)) continue;
            if (!MayFollow(item.Place, kind)) wrong.Add($"{seq}: {item.Id} is {item.Place} and then {kind}");
            item.At++;
            if (kind == "claimed")
            {
                item.Worker = worker;
                foreach (string name in item.Names)
                    foreach (Item other in wanting[name])
                        if (other != item && other.Excludes) wrong.Add($"{seq}: {item.Id} is claimed while {other.Id} holds {name}");
            }
            if (by is not null && item.Worker is { } holder && !processes.TryAdd(holder, by) && processes[holder] != by)
                wrong.Add($"{seq}: {item.Id} was claimed by worker {holder} of process {processes[holder]} and stepped by process {by}");
            item.Place = After(kind) ?? item.Place;
            item.Holding =
                item.HoldsForLife
                && (
                    kind is "stepped" or "step_failed" or "retry_after" or "interrupted"
                    || (item.Holding && item.Place is not (Place.Failed or Place.Ended))
                );
        }
        wrong.Should().BeEmpty("the events tell one orderly story");
    }

    private static bool EndsARun(string kind) =>
        kind is "stepped" or "done" or "step_failed" or "retry_after" or "released" or "interrupted" or "cancel_requested";

    private static bool MayFollow(Place place, string kind) => kind switch
    {
        "claimed" => place is Place.Queued or Place.Stepped,
        "edited" or "retried" or "discarded" => place == Place.Failed,
        "failed" or "cancelled" => place is not (Place.Failed or Place.Ended),
        _ => !EndsARun(kind) || place is Place.Running or Place.Stepped,
    };

    private static Place? After(string kind) => kind switch
    {
        "claimed" => Place.Running,
        "stepped" => Place.Stepped,
        "failed" => Place.Failed,
        "done" or "cancelled" or "discarded" => Place.Ended,
        // A step that asks about an effect waits without a version.
        "enqueued" or "step_failed" or "retry_after" or "released" or "interrupted" or "retried" or "requeued" or "waiting" or "woken" => Place.Queued,
        _ => null,
    };
}
