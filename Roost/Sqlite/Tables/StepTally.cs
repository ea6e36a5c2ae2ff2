using System.Globalization;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Sqlite.Tables;

/// <summary>
/// Counts steps and failed tries by minute, engine and step. What a transaction brings counts once it has landed, and goes to the table with a
/// later one, at most once a second while steps run and with the last one before nothing does: a kill loses what one second brought.
/// </summary>
internal sealed class StepTally(WriteConnection connection)
{
    private const int MinutesKept = 180;
    private const int HoursKept = 24 * 35;
    private const int MostSteps = 200;
    private const int TrimAtOnce = 1000;
    private const long MinuteMilliseconds = 60_000;

    private readonly Statement runTimes = connection.Prepare(
        "SELECT run_times FROM roost_step_tally WHERE span = ?1 AND at = ?2 AND engine = ?3 AND step = ?4"
    );
    private readonly Statement add = connection.Prepare(
        """
        INSERT INTO roost_step_tally (span, at, engine, step, steps, failures, run_us, waits, wait_ms, run_times)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
        ON CONFLICT (span, at, engine, step) DO UPDATE SET steps = steps + excluded.steps, failures = failures + excluded.failures,
            run_us = run_us + excluded.run_us, waits = waits + excluded.waits, wait_ms = wait_ms + excluded.wait_ms, run_times = excluded.run_times
        """);
    private readonly Statement trim = connection.Prepare(
        "DELETE FROM roost_step_tally WHERE (span, at, engine, step) IN (SELECT span, at, engine, step FROM roost_step_tally WHERE span = ?1 AND at < ?2 " +
        "LIMIT ?3)"
    );
    private readonly Statement begin = connection.Prepare("INSERT INTO roost_meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING");

    private readonly List<Try> landing = [];
    private readonly Dictionary<(long Minute, string Engine, string Step), Sum> unsaved = [];
    private readonly HashSet<(string Engine, string Step)> stepsOfHour = [];
    private readonly RunTimes merged = new();
    private long hour, trimmedMinute, savedAt;
    private bool saving;

    /// <summary>The key in <c>meta</c> of the time from which on all was counted.</summary>
    public const string SinceKey = "steps_counted_since";

    /// <summary>The step under which those are counted that come after the first 200 different ones of an hour.</summary>
    public const string OtherSteps = "(other)";

    private readonly record struct Try(long Minute, string Engine, string Step, bool Failed, long RunMicroseconds, long? WaitMilliseconds);

    private sealed class Sum
    {
        public long Steps, Failures, RunMicroseconds, Waits, WaitMilliseconds;
        public readonly RunTimes Times = new();
    }

    /// <summary>How much this transaction has brought so far.</summary>
    public int Mark => landing.Count;

    /// <summary>Something is to be saved and no transaction has come for a second.</summary>
    public bool IsDue => unsaved.Count > 0 && UntilDue <= TimeSpan.Zero;

    /// <summary>How long what was counted may wait for a transaction that comes by itself.</summary>
    public TimeSpan UntilDue => unsaved.Count == 0 ? TimeSpan.MaxValue : TimeSpan.FromSeconds(1) - TimeSpan.FromMilliseconds(Environment.TickCount64 - savedAt);

    /// <summary>A step was committed, or a try has failed; counted where the running transaction lands.</summary>
    public void Add(LeasedWork lease, string step, bool failed) =>
        landing.Add(new(connection.Now / MinuteMilliseconds, lease.Lane.Engine, step, failed, lease.RunMicroseconds, lease.WaitMilliseconds));

    public void DropTo(int mark) => landing.RemoveRange(mark, landing.Count - mark);

    /// <summary>The transaction was rolled back.</summary>
    public void Drop()
    {
        landing.Clear();
        saving = false;
    }

    /// <summary>Before the commit: writes what was counted where a second is over, or no further transaction is on its way.</summary>
    public void Save(bool atOnce)
    {
        if (landing.Count + unsaved.Count == 0) return;
        if (savedAt == 0) begin.Bind(1, SinceKey).Bind(2, connection.Now.ToString(CultureInfo.InvariantCulture)).Run();
        else if (!atOnce && Environment.TickCount64 - savedAt < 1000) return;
        saving = true;
        // What lands now is written apart: the sums may only have it once it has.
        var now = new Dictionary<(long, string, string), Sum>();
        foreach (Try each in landing) Count(now, each);
        foreach (((long minute, string engine, string step), Sum sum) in unsaved.Concat(now))
        {
            Write(1, minute, engine, step, sum);
            Write(60, minute / 60, engine, step, sum);
        }
        Trim();
    }

    /// <summary>After the commit.</summary>
    public void Saved()
    {
        if (saving)
        {
            unsaved.Clear();
            savedAt = Environment.TickCount64;
            saving = false;
        }
        else
        {
            foreach (Try each in landing) Count(unsaved, each);
        }
        landing.Clear();
    }

    private void Count(Dictionary<(long, string, string), Sum> sums, in Try one)
    {
        (long Minute, string Engine, string Step) key = (one.Minute, one.Engine, StepOf(one));
        if (!sums.TryGetValue(key, out Sum? sum)) sums[key] = sum = new();
        if (one.Failed) sum.Failures++;
        else sum.Steps++;
        sum.RunMicroseconds += one.RunMicroseconds;
        sum.Times.Add(one.RunMicroseconds);
        if (one.WaitMilliseconds is not { } wait) return;
        sum.Waits++;
        sum.WaitMilliseconds += wait;
    }

    /// <summary>A program whose steps all have names of their own must not fill the file with their counts.</summary>
    private string StepOf(in Try one)
    {
        if (one.Minute / 60 != hour)
        {
            hour = one.Minute / 60;
            stepsOfHour.Clear();
        }
        if (stepsOfHour.Contains((one.Engine, one.Step))) return one.Step;
        if (stepsOfHour.Count >= MostSteps) return OtherSteps;
        stepsOfHour.Add((one.Engine, one.Step));
        return one.Step;
    }

    private void Write(int span, long at, string engine, string step, Sum sum)
    {
        merged.Clear();
        merged.Add(sum.Times);
        if (runTimes.Bind(1, span).Bind(2, at).Bind(3, engine).Bind(4, step).Step())
        {
            merged.Add(runTimes.Bytes(0));
            runTimes.Reset();
        }
        add.Bind(1, span).Bind(2, at).Bind(3, engine).Bind(4, step).Bind(5, sum.Steps).Bind(6, sum.Failures).Bind(7, sum.RunMicroseconds)
            .Bind(8, sum.Waits).Bind(9, sum.WaitMilliseconds).BindBlob(10, merged.ToBytes()).Run();
    }

    private void Trim()
    {
        long minute = connection.Now / MinuteMilliseconds;
        if (minute == trimmedMinute) return;
        trimmedMinute = minute;
        trim.Bind(1, 1).Bind(2, minute - MinutesKept).Bind(3, TrimAtOnce).Run();
        trim.Bind(1, 60).Bind(2, (minute / 60) - HoursKept).Bind(3, TrimAtOnce).Run();
    }
}
