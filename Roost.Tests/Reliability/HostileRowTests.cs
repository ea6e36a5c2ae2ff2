using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>A data file that somebody else has made leads to no other file.</summary>
[TestFixture]
[Category("Reliability")]
internal sealed class HostileRowTests : FolderFixture
{
    private const string Others = "SELECT count(*) FROM roost_worker WHERE machine = 'elsewhere'";

    [Test]
    public async Task The_lock_that_a_workers_row_names_is_opened_and_deleted_only_where_it_is_a_lock()
    {
        string path = Path.Combine(Directory.CreateDirectory(folder["data"]).FullName, "roost.db"), victim = folder["victim"], near = folder["data/near.lock"];
        foreach (string file in new[] { victim, near }) await File.WriteAllTextAsync(file, "precious");
        await using var roost = new RoostRuntime(new RoostOptions { Path = path, Durability = Durability.None });
        roost.AddEngine(ScriptedEngine.CountingTo(1));
        string[] named = ["../victim", victim, "near.lock", "roost.db", "./near.lock", "..", "", "../data/near.lock"];
        foreach (string file in named)
            roost.Execute(
                "INSERT INTO roost_worker (id, process_id, machine, lock_file, started_at, heartbeat, heartbeat_at, expires_at, lease_ms, concurrency, " +
                "engines, queues) VALUES ('worker of ' || $0, 1, 'elsewhere', $0, 1, 1, 1, 1, 1, 1, '[]', '[]')",
                file
            );

        (await roost.ListWorkersAsync()).Should().OnlyContain(worker => !worker.IsAlive, "their leases have run down");
        using var stop = new CancellationTokenSource();
        Task loop = roost.RunAsync(stop.Token);
        await Waiting.Until(() => roost.Number(Others) == 0);
        await stop.CancelAsync();
        await loop;

        foreach (string file in new[] { victim, near }) (await File.ReadAllTextAsync(file)).Should().Be("precious");
        File.Exists(path).Should().BeTrue();
        FileAudit.MustAgree(path);
    }
}
