using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Roost.Sqlite.Files;
using Roost.Sqlite.Queries;
using Roost.Sqlite.Writing;
using Roost.Stores;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>No cost grows with what is merely stored: every statement finds its rows by an index, and the hot ones by their partial index.</summary>
[TestFixture]
internal sealed partial class QueryPlanTests
{
    /// <summary>Tables that stay small, by name and by the alias that they have in the statements: workers, lanes and their counts, rules.</summary>
    private static readonly string[] Small =
    [
        "roost_worker",
        "h",
        "roost_lane",
        "l",
        "roost_lane_count",
        "c",
        "roost_writer",
        "roost_trigger_rule",
        "roost_meta",
        "roost_end_engine",
    ];

    [TestCase("SELECT key, priority, ready_seq FROM roost_work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 0", "roost_work_ready")]
    [TestCase("SELECT key, priority, ready_seq FROM roost_work WHERE lane = ?1 AND ready_seq IS NOT NULL AND solo = 1", "roost_work_ready_solo")]
    [TestCase("SELECT key, 0, due_at FROM roost_work WHERE lane = ?1", "roost_work_delayed")]
    [TestCase("SELECT key, priority, ready_seq, lane FROM roost_work WHERE lane > ?1 AND ready_seq IS NOT NULL AND solo = 0", "roost_work_ready")]
    [TestCase("SELECT key, priority, ready_seq, lane FROM roost_work WHERE lane > ?1 AND ready_seq IS NOT NULL AND solo = 1", "roost_work_ready_solo")]
    [TestCase("SELECT key, 0, due_at, lane FROM roost_work WHERE lane > ?1", "roost_work_delayed")]
    [TestCase("SELECT key, state = 'waiting' FROM roost_work WHERE lane = ?1 AND due_at <= ?2", "roost_work_delayed")]
    [TestCase("SELECT min(deadline) FROM roost_work", "roost_work_deadline")]
    [TestCase("SELECT key FROM roost_work WHERE deadline IS NOT NULL", "roost_work_deadline")]
    [TestCase("SELECT key, token, cancel_requested FROM roost_work", "roost_work_running")]
    [TestCase("SELECT key, priority, place, lane FROM roost_work WHERE blocked_on = ?1 AND lane > ?2", "roost_work_blocked")]
    [TestCase("SELECT min(blocked_on) FROM roost_work", "roost_work_blocked")]
    [TestCase("SELECT key, parent, updated_at,", "roost_work_recent")]
    public async Task A_transition_finds_its_items_by_the_partial_index_for_them(string statement, string index)
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        using var session = new Session(roost.Path, roost.Options);
        string sql = session.Connection.Statements.Single(it => it.Sql.StartsWith(statement, StringComparison.Ordinal)).Sql;

        List<string> plan = Plan(roost, sql);

        plan.Where(step => step.StartsWith("SEARCH", StringComparison.Ordinal)
                && !step.EndsWith("USING INTEGER PRIMARY KEY (rowid=?)", StringComparison.Ordinal))
            .Should().ContainSingle().Which.Should().MatchRegex($@"^SEARCH (roost_work|w) USING (COVERING )?INDEX {index}( |$)");
    }

    [Test]
    public async Task No_transition_scans_a_table_that_grows()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);
        using var session = new Session(roost.Path, roost.Options);
        string[] statements = [.. session.Connection.Statements.Select(it => it.Sql).Where(sql => Explained().IsMatch(sql))];

        statements.Should().HaveCountGreaterThan(50);
        statements.SelectMany(sql => Scans(roost, sql, "roost_resource", "roost_tree_cancel")).Should().BeEmpty();
    }

    [Test]
    public async Task No_read_scans_or_sorts_a_table_that_grows()
    {
        FakeTimeProvider clock = TestRuntime.Clock();
        await using RoostRuntime roost = await WithSomeOfEverythingAsync(clock);
        var statements = new HashSet<string>();
        using (SqliteConnection db = Database.OpenForReading(roost.Path, roost.Options))
        {
            SQLitePCL.raw.sqlite3_trace(db.Handle, (_, sql) => statements.Add(sql), null);
            ReadEverything(db, roost, clock.GetUtcNow().ToUnixTimeMilliseconds());
            SQLitePCL.raw.sqlite3_trace(db.Handle, (SQLitePCL.strdelegate_trace?)null, null);
        }
        string[] reads = [.. statements.Where(sql => Explained().IsMatch(sql))];

        reads.Should().HaveCountGreaterThan(25);
        reads.SelectMany(sql => Scans(roost, sql)).Should().BeEmpty();
        reads.SelectMany(sql => Sorts(roost, sql)).Should().BeEmpty();
        string.Join('\n', reads.SelectMany(sql => Plan(roost, sql)))
            .Should()
            .ContainAll(
                "roost_work_recent",
                "roost_work_children",
                "roost_work_running",
                "roost_work_ready ",
                "roost_work_ready_solo",
                "roost_work_delayed",
                "roost_work_blocked",
                "roost_event_work",
                "roost_event_kind (kind=? AND rowid>? AND rowid<?)",
                "roost_work_recent (lane=? AND state=? AND updated_at=? AND rowid<?)"
            );
    }

    [Test]
    public async Task No_check_of_the_whole_file_scans_a_table_once_for_each_row_of_another()
    {
        await using RoostRuntime roost = TestRuntime.Create(null);

        Invariant.All.SelectMany(invariant => RepeatedScans(roost, invariant.Violations).Select(scan => $"{invariant.Name}: {scan}")).Should().BeEmpty();
    }

    private static void ReadEverything(SqliteConnection db, RoostRuntime roost, long now)
    {
        WorkFilter[] filters =
        [
            new(), new() { Engine = "scripted" }, new() { Queue = "default" }, new() { ParentId = "parent" }, new() { Resource = "r" }, new() { Error = "x" },
            new() { IsPaused = true }, new() { IsPaused = false }, new() { IsPaused = true, Condition = WorkCondition.Ready },
            new() { State = WorkState.Failed, Engine = "scripted", Queue = "default", ParentId = "parent", Resource = "r", Error = "x" },
        ];
        foreach (WorkFilter filter in filters) WorkQueries.List(db, Selection.Of(filter), 3, Position.Start, now);
        WorkQueries.List(db, Selection.Of(new WorkFilter()), 3, new Position(now, 5), now); // Within what was updated at one time.
        foreach (WorkCondition condition in (WorkCondition[])[WorkCondition.Ready, WorkCondition.Delayed, WorkCondition.Blocked])
            foreach (ConditionOrder.Place place in (ConditionOrder.Place[])[ConditionOrder.Place.Start, new("q", 1, 0, 0, 0)])
                WorkQueries.List(db, Selection.Of(new WorkFilter { Condition = condition, Engine = "other" }), 3, place, now);
        WorkQueries.List(db, Selection.Of(new WorkFilter { Condition = WorkCondition.Ready, ParentId = "parent" }), 3, Position.Start, now);
        DeadLetterFilter[] letters =
        [
            new(), new() { Group = "0000000000000001" }, new() { Group = DeadLetterFilter.NoGroup },
            new() { Group = "0000000000000001", Engine = "scripted", Error = "x" },
            new()
            {
                Engine = "scripted",
                Queue = "default",
                Reason = "x",
                ErrorType = "x",
                Error = "x",
                FailedAfter = TestRuntime.Start,
                FailedBefore = TestRuntime.Start.AddYears(1),
            },
        ];
        foreach (DeadLetterFilter filter in letters) FailureQueries.DeadLetters(db, Selection.Of(filter), 3, Position.Start);
        DeadLetterGroupQueries.Largest(db, 3);
        foreach (string id in (string[])["parent", "bad", "blocked"])
        {
            DetailQueries.Read(db, id, ".", roost.Options, TestRuntime.Start);
            SnapshotQueries.History(db, WorkQueries.KeyOf(db, id)!.Value);
            EventQueries.Page(db, WorkQueries.KeyOf(db, id), 0, 10);
        }
        EventQueries.Page(db, null, null, 10);
        EventQueries.LastSequence(db);
        EventFilter[] events =
        [
            new(),
            new() { Kinds = ["failed", "cancelled"] },
            new()
            {
                Kinds = ["stepped", "engine.x"],
                Engine = "scripted",
                From = TestRuntime.Start,
                Until = TestRuntime.Start.AddYears(1),
            },
        ];
        foreach (EventFilter filter in events)
        {
            foreach (long? work in (long?[])[null, WorkQueries.KeyOf(db, "bad")])
            {
                EventQueries.Page(db, EventSelection.Of(filter), work, 0, 10);
                EventQueries.Last(db, EventSelection.Of(filter), work, 100, 10);
            }
        }
        foreach (PauseScope? scope in (PauseScope?[])[null, PauseScope.Engine, PauseScope.Item]) PauseQueries.Page(db, scope, 0, 3, now);
        ArtifactQueries.Latest(db, new(), 3, long.MaxValue);
        ArtifactQueries.Latest(db, new() { Engine = "scripted", Name = "x" }, 3, 5);
        WorkQueries.FindIds(db, "unknown", 10);
        WorkTree tree = TreeQueries.Read(db, "parent", new() { Children = 1 }, null, ".", roost.Options, TestRuntime.Start)!;
        TreeQueries.Read(db, "parent", new() { Children = 1 }, tree.Next, ".", roost.Options, TestRuntime.Start);
        TreeQueries.Read(db, "bad", new(), null, ".", roost.Options, TestRuntime.Start);
        var walk = new TreeWalk("bad");
        walk.Left.Push(WorkQueries.KeyOf(db, "parent")!.Value);
        TreeQueries.GoOn(db, walk, now);
        EngineQueries.Engines(db, WorkerQueries.All(db, ".", now), now);
        WorkerQueries.Leases(db);
        ResourceQueries.Held(db, "", 10);
    }

    private static async Task<RoostRuntime> WithSomeOfEverythingAsync(FakeTimeProvider clock)
    {
        RoostRuntime roost = TestRuntime.Create(clock, ScriptedEngine.From((state, context) =>
            context.Item.Id == "bad" ? ScriptedEngine.GiveUp("x") : ScriptedEngine.GoOn(state, TimeSpan.FromHours(1))));
        await roost.EnqueueAsync(
        [
            new WorkItem("scripted") { Id = "parent", Resources = ["r"], ResourceHold = ResourceHold.Life },
            new WorkItem("scripted") { Id = "bad", ParentId = "parent" },
        ]);
        await roost.RunUntilIdleAsync();
        await roost.EnqueueAsync([new WorkItem("scripted") { Id = "blocked", Resources = ["r"] }, new WorkItem("other") { ParentId = "parent" }]);
        await roost.RunUntilIdleAsync();
        await roost.PauseAsync(PauseTarget.Item("blocked"), "why", "who");
        return roost;
    }

    /// <summary>Steps of the plan that read a whole table or index, but for the tables that stay small.</summary>
    private static IEnumerable<string> Scans(RoostRuntime roost, string sql, params string[] alsoSmall) => Plan(roost, sql)
        .Where(step => Scan().Match(step) is { Success: true } scan && !Small.Contains(scan.Groups[1].Value) && !alsoSmall.Contains(scan.Groups[1].Value))
        .Select(step => $"{step}: {sql}");

    /// <summary>Scans of an inner loop, or of a subquery that is run for each row.</summary>
    private static IEnumerable<string> RepeatedScans(RoostRuntime roost, string sql)
    {
        List<(long Id, long Parent, string Detail)> rows = PlanTree(roost, sql);
        var byId = rows.ToDictionary(row => row.Id);
        for (int i = 0; i < rows.Count; i++)
        {
            if (Scan().Match(rows[i].Detail) is not { Success: true } scan || Small.Contains(scan.Groups[1].Value)) continue;
            bool isInner = rows.Take(i).Any(row => row.Parent == rows[i].Parent && Loop().IsMatch(row.Detail));
            bool isCorrelated = false;
            for (long above = rows[i].Parent; above != 0 && !isCorrelated; above = byId[above].Parent)
                isCorrelated = byId[above].Detail.StartsWith("CORRELATED", StringComparison.Ordinal);
            if (isInner || isCorrelated)
                yield return rows[i].Detail;
        }
    }

    /// <summary>A sort is allowed where nothing but small tables is read, and for the artifacts of one item.</summary>
    private static IEnumerable<string> Sorts(RoostRuntime roost, string sql)
    {
        List<string> plan = Plan(roost, sql);
        bool isSmall =
            sql.Contains("WHERE a.work = ", StringComparison.Ordinal)
            || plan.All(step =>
                !step.StartsWith("SEARCH ", StringComparison.Ordinal)
                || Small.Contains(step.Split(' ')[1])
                || step.Contains("roost_work_running", StringComparison.Ordinal)
            );
        return isSmall ? [] : plan.Where(step => step.Contains("TEMP B-TREE", StringComparison.Ordinal)).Select(step => $"{step}: {sql}");
    }

    private static List<string> Plan(RoostRuntime roost, string sql) => PlanTree(roost, sql).ConvertAll(row => row.Detail);

    private static List<(long Id, long Parent, string Detail)> PlanTree(RoostRuntime roost, string sql) =>
        roost.Table("EXPLAIN QUERY PLAN " + sql, Unbound(sql)).ConvertAll(row => ((long)row[0], (long)row[1], (string)row[3]));

    private static SqliteParameter[] Unbound(string sql) =>
        [.. Parameter().Matches(sql).Select(match => match.Value).Distinct().Select(name => new SqliteParameter(name, DBNull.Value))];

    [GeneratedRegex(@"^\s*(SELECT|INSERT|UPDATE|DELETE)\b")]
    private static partial Regex Explained();

    [GeneratedRegex(@"^SCAN (?!CONSTANT ROW|\(|\w+ VIRTUAL TABLE)(\w+)")]
    private static partial Regex Scan();

    [GeneratedRegex("^(SCAN|SEARCH) ")]
    private static partial Regex Loop();

    [GeneratedRegex(@"\?\d+")]
    private static partial Regex Parameter();
}
