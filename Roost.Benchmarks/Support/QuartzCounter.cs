using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Quartz;

namespace Roost.Benchmarks;

/// <summary>The counter as a job of Quartz.NET that its trigger fires once for each step, its state in the job's data.</summary>
[DisallowConcurrentExecution, PersistJobDataAfterExecution]
internal sealed class QuartzCounter : IJob
{
    private const string State = "state";

    private static Tally? tally;

    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        Counter state = JsonSerializer.Deserialize<Counter>(context.JobDetail.JobDataMap.GetString(State)!, RoostJson.Default)!;
        context.JobDetail.JobDataMap[State] = JsonSerializer.Serialize(tally!.Step(state), RoostJson.Default);
        return ValueTask.CompletedTask;
    }

    public static async Task<Rival> RivalAsync(string folder)
    {
        string settings = "";
        await WorkAsync(folder, 1, 1, found => settings = found);
        return new($"Quartz.NET on SQLite, {ThreadPoolOptions.DefaultMaxConcurrency} threads",
            $"{settings} (its package sets neither; read back from its file): a job's data and its next firing survive a killed process, and a power cut " +
            $"but for the last commit before it (with a rollback journal, FULL does not sync the folder); a firing cut off in between is not made again " +
            $"unless the job asks for recovery; steps of one item are kept apart by DisallowConcurrentExecution",
            settings.Contains("synchronous=FULL", StringComparison.Ordinal), (items, steps) => WorkAsync(folder, items, steps, null));
    }

    private static async Task<TimeSpan> WorkAsync(string folder, int items, int steps, Action<string>? tell)
    {
        string path = StoredFile.New(folder), source = $"Data Source={path}";
        tally = new Tally(items, steps);
        IScheduler scheduler = await QuartzSchedulerBuilder.Create(quartz => quartz.UsePersistentStore(store =>
        {
            store.UseSqlite(source);
            store.ProvisionSchema();
        })).BuildScheduler();
        string first = JsonSerializer.Serialize(Tally.First(steps), RoostJson.Default);
        for (int n = 0; n < items; n++)
        {
            string name = n.ToString(CultureInfo.InvariantCulture);
            IJobDetail job = JobBuilder.Create<QuartzCounter>().WithIdentity(name).UsingJobData(State, first).Build();
            ITrigger trigger = TriggerBuilder
                .Create()
                .WithIdentity(name)
                .StartNow()
                .WithSimpleSchedule(schedule =>
                    schedule
                        .WithInterval(TimeSpan.FromMilliseconds(1))
                        .WithRepeatCount(steps - 1)
                        .WithMisfireInstruction(SimpleTriggerMisfireInstruction.IgnoreMisfires)
                )
                .Build();
            await scheduler.ScheduleJob(job, trigger);
        }
        var watch = Stopwatch.StartNew();
        await scheduler.Start();
        await tally.WaitAsync();
        TimeSpan time = watch.Elapsed;
        tell?.Invoke(Settings(source));
        await scheduler.Shutdown(true);
        SqliteConnection.ClearAllPools();
        StoredFile.Delete(path);
        return time;
    }

    /// <summary>What a connection by this string has: the pooled ones of the package are opened by the same.</summary>
    private static string Settings(string source)
    {
        using var connection = new SqliteConnection(source);
        connection.Open();
        string journal = Read(connection, "PRAGMA journal_mode"), synchronous = Read(connection, "PRAGMA synchronous");
        return $"journal_mode={journal.ToUpperInvariant()}, " +
            $"synchronous={synchronous switch { "0" => "OFF", "1" => "NORMAL", "2" => "FULL", "3" => "EXTRA", _ => synchronous }}";
    }

    private static string Read(SqliteConnection connection, string pragma)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = pragma;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture)!;
    }
}
