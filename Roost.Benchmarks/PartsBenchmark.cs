using System.Security.Cryptography;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Microsoft.Data.Sqlite;
using Roost.Sqlite.Files;
using Roost.Stores;

namespace Roost.Benchmarks;

/// <summary>The small parts of a step, each by itself: time and allocation, by BenchmarkDotNet.</summary>
[MemoryDiagnoser]
public class PartsBenchmark : IDisposable
{
    private readonly Counter state = Tally.First(5);
    private readonly byte[] json = JsonSerializer.SerializeToUtf8Bytes(Tally.First(5), RoostJson.Default);
    private readonly WorkItem item = new("counter", new Target(5));
    private readonly DateTimeOffset now = DateTimeOffset.UnixEpoch;
    private readonly RoostOptions options = new() { Path = "unused" };
    private readonly JsonElement data = JsonDocument.Parse("""{"parts":[{"name":"a"},{"name":"b","ready":true}]}""").RootElement;

    private readonly SqliteConnection connection = new("Data Source=:memory:");
    private Statement? statement;

    /// <summary>
    /// In this process, so that nothing has to be built; a short job, so that the whole is done in about a minute; a dry one only shows that it works.
    /// </summary>
    internal static Task RunAsync(Settings settings)
    {
        IConfig config = DefaultConfig
            .Instance.AddJob((settings.Has("--dry") ? Job.Dry : Job.ShortRun).WithToolchain(InProcessEmitToolchain.Instance))
            .WithArtifactsPath(settings.Folder);
        BenchmarkRunner.Run<PartsBenchmark>(config);
        return Task.CompletedTask;
    }

    [GlobalSetup]
    public void Open()
    {
        connection.Open();
        statement = new(connection.Handle!, "SELECT ?1 + ?2");
    }

    [GlobalCleanup]
    public void Dispose()
    {
        statement?.Dispose();
        connection.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Description = "state to JSON")]
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(state, RoostJson.Default);

    [Benchmark(Description = "state from JSON")]
    public object? Read() => JsonSerializer.Deserialize<Counter>(json, RoostJson.Default);

    [Benchmark(Description = "SHA-256 of a state")]
    public byte[] Hash() => SHA256.HashData(json);

    [Benchmark(Description = "statement: bind two, step, read")]
    public long? BindAndStep() => statement!.Bind(1, 20).Bind(2, 22).Scalar();

    [Benchmark(Description = "check of a work item")]
    public object Check() => WorkItemCheck.Check(item, options, now);

    [Benchmark(Description = "path of a trigger")]
    public bool Find() => TriggerPath.IsTruthy(TriggerPath.Find("snapshot.data.parts.1.ready", data, data));
}
