using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hangfire;
using Hangfire.InMemory;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Npgsql;

namespace Roost.Benchmarks;

/// <summary>The counter as a chain of Hangfire's jobs: each makes a step and enqueues the next one with the state as its argument.</summary>
internal sealed class HangfireCounter(IBackgroundJobClient client, Tally tally)
{
    private const int Workers = 20;
    private const string Chain = "each step is a job that enqueues the next, which keeps the steps of one item apart";

    public static Rival InMemory() => new($"Hangfire in memory, {Workers} workers",
        $"NOT DURABLE: nothing survives the end of the process; {Chain}",
        false, (items, steps) => WorkAsync(new InMemoryStorage(), items, steps));

    public static async Task<Rival> OnPostgreSqlAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        string version = await ShowAsync(source, "server_version"),
            commit = await ShowAsync(source, "synchronous_commit"),
            fsync = await ShowAsync(source, "fsync");
        bool durable = commit == "on" && fsync == "on";
        string kept = durable
            ? "a job that was enqueued or ended survives a killed process and a power cut"
            : "NOT DURABLE: a power cut may lose what was reported";
        return new($"Hangfire on PostgreSQL {version.Split(' ')[0]}, {Workers} workers",
            $"synchronous_commit={commit}, fsync={fsync}: {kept}; {Chain} only while nothing fails (a kill after the enqueueing repeats the step and " +
            "so starts the item's chain a second time); queues polled every 50 ms (the usual 15 s would be slower)",
            durable, (items, steps) => WorkOnAsync(connectionString, items, steps));
    }

    /// <summary>What a job does; Hangfire calls it by its name.</summary>
    public void Step(string state)
    {
        Counter next = tally.Step(JsonSerializer.Deserialize<Counter>(state, RoostJson.Default)!);
        if (next.Count == next.Target) return;
        string text = JsonSerializer.Serialize(next, RoostJson.Default);
        client.Enqueue<HangfireCounter>(job => job.Step(text));
    }

    private static async Task<TimeSpan> WorkOnAsync(string connectionString, int items, int steps)
    {
        string schema = string.Create(CultureInfo.InvariantCulture, $"roost_rival_{Guid.NewGuid():N}");
        var storage = new PostgreSqlStorage(
            new NpgsqlConnectionFactory(connectionString, new PostgreSqlStorageOptions()),
            new PostgreSqlStorageOptions { SchemaName = schema, QueuePollInterval = TimeSpan.FromMilliseconds(50) }
        );
        try
        {
            return await WorkAsync(storage, items, steps);
        }
        finally
        {
            await using var source = NpgsqlDataSource.Create(connectionString);
            await using NpgsqlCommand drop = source.CreateCommand($"DROP SCHEMA IF EXISTS {schema} CASCADE");
            await drop.ExecuteNonQueryAsync();
        }
    }

    private static async Task<TimeSpan> WorkAsync(JobStorage storage, int items, int steps)
    {
        var client = new BackgroundJobClient(storage);
        var tally = new Tally(items, steps);
        string first = JsonSerializer.Serialize(Tally.First(steps), RoostJson.Default);
        for (int n = 0; n < items; n++) client.Enqueue<HangfireCounter>(job => job.Step(first));
        var watch = Stopwatch.StartNew();
        using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = Workers, Activator = new Activator(client, tally) }, storage);
        await tally.WaitAsync();
        return watch.Elapsed;
    }

    private static async Task<string> ShowAsync(NpgsqlDataSource source, string setting)
    {
        await using NpgsqlCommand show = source.CreateCommand($"SHOW {setting}");
        return (string)(await show.ExecuteScalarAsync())!;
    }

    private sealed class Activator(IBackgroundJobClient client, Tally tally) : JobActivator
    {
        public override object ActivateJob(Type jobType) => new HangfireCounter(client, tally);
    }
}
