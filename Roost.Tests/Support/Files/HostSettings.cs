using System.Data;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>A host that uses Dapper for itself and has set all that Dapper lets it set for the whole process, otherwise than Dapper has it.</summary>
internal static partial class HostSettings
{
    private static readonly JsonSerializerOptions Readable = new(RoostJson.Default) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads all that a runtime, the doctor and the command read of a file, and says each in one line.</summary>
    public static async Task<int> ReadAllAsync(string path, bool isSet)
    {
        if (isSet)
        {
            SetAll();
            using SqliteConnection own = FileAudit.Open(path);
            own.QuerySingle<string>("SELECT 'settings'").Should().Be("[SETTINGS]", "the host's own reads go by its settings");
        }
        await using (var roost = new RoostRuntime(new RoostOptions { Path = path, TimeProvider = TestRuntime.Clock() }))
            await SayReadsAsync(roost);
        foreach (FileCheck check in await RoostRuntime.CheckFileAsync(path))
            Say($"check {check.Name}", check.Name is "disk_space" or "size" ? check.Status : check);
        foreach (string[] verb in Verbs())
        {
            CommandResult result = await CommandInProcess.RunAsync([.. verb, "--db", path, "--json"]);
            ChildProgram.Say(
                $"{string.Join(' ', verb)}: {result.ExitCode} {Volatile().Replace(result.Output, "").ReplaceLineEndings(" ")} " +
                $"{result.Error.ReplaceLineEndings(" ")}"
            );
        }
        return 0;
    }

    private static IEnumerable<string[]> Verbs() =>
    [
        ["status", "done"], ["status", "dead"], ["status", "waiter"], ["list"], ["events", "--limit", "1000"], ["dead-letters"],
        ["dead-letters", "show", "dead"], ["history", "done"], ["history", "done", "--version", "2"], ["diff", "done", "1", "2"],
        ["artifacts", "list"], ["artifacts", "list", "done"], ["stats"], ["engines"], ["resources"], ["workers"], ["schema"], ["doctor"],
        ["wait", "done"], ["prune", "--older-than", "0s", "--dry-run"], ["dead-letters", "retry", "--all", "--dry-run"],
        ["list", "--engine", "scripted", "--limit", "2"],
    ];

    private static async Task SayReadsAsync(RoostRuntime roost)
    {
        Say("list", await roost.ListAsync());
        foreach (string id in (await roost.ListAsync(limit: 1000)).Items.Select(item => item.Id))
        {
            WorkDetail item = await roost.GetAsync(id);
            Say($"item {id}", new
            {
                item.Summary,
                item.Situation,
                item.Payload,
                item.PayloadError,
                item.Resources,
                item.ResourcesHeld,
                item.ResourceHold,
                item.BlockedOn,
                item.DueAt,
                item.ReadySince,
                item.IdempotencyKey,
                item.Children,
                item.Failures,
                item.Interruptions,
                item.Lease,
                item.LastFailure,
                item.Artifacts,
                item.SnapshotError,
                State = item.Snapshot?.Data,
            });
            foreach (SnapshotVersion version in await roost.ListHistoryAsync(id))
                Say($"version {version.Version} of {id}", new { version, (await roost.GetSnapshotAsync(id, version.Version)).Data });
            foreach (Artifact artifact in await roost.ListArtifactsOfAsync(id))
            {
                byte[] content = await roost.ReadArtifactAsync(id, artifact.Name);
                Say($"artifact {artifact.Name} of {id}", Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(content)));
            }
        }
        Say("ids", await roost.FindIdsAsync("don"));
        Say("ends", await roost.FindIdsAsync("one"));
        Say("listed", await roost.ListAsync(new() { Engine = "scripted", State = WorkState.Done }));
        Say("by resource", await roost.ListAsync(new() { Resource = "site" }));
        Say("counts", await roost.GetCountsAsync());
        Say("leases", await roost.ListLeasesAsync());
        Say("resources", await roost.ListResourcesAsync());
        Say("workers", await roost.ListWorkersAsync());
        Say("engines", await roost.ListEnginesAsync());
        Say("dead letters", await roost.ListDeadLettersAsync());
        Say("dead letter", (await roost.GetDeadLetterAsync("dead")).Failure);
        Say("artifacts", await roost.ListArtifactsAsync(new() { Name = "state" }));
        Say("all artifacts", await roost.ListArtifactsAsync());
        Say("events", await roost.ListEventsAsync(limit: 1000));
        Say("last events", await roost.ListLastEventsAsync("done"));
        Say("last", await roost.GetLastSequenceAsync());
        Say("purge", await roost.PurgeAsync(new(TimeSpan.Zero), dryRun: true));
    }

    private static void Say(string what, object? value) => ChildProgram.Say($"{what}: {JsonSerializer.Serialize(value, Readable)}");

    /// <summary>What differs from one moment to the next.</summary>
    [GeneratedRegex("""("(situation|is_alive)": ?("[^"]*"|true|false)|[\d.,]+ ?(bytes free|bytes, log [\d.,]+ bytes))""")]
    private static partial Regex Volatile();

    private static void SetAll()
    {
        foreach (PropertyInfo setting in typeof(SqlMapper.Settings).GetProperties(BindingFlags.Public | BindingFlags.Static).Where(setting => setting.CanWrite))
            if (setting.GetValue(null) is bool on) setting.SetValue(null, !on);
        SqlMapper.Settings.CommandTimeout = 1;
        SqlMapper.Settings.InListStringSplitCount = 1;
        SqlMapper.Settings.FetchSize = 1;
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.ConnectionStringComparer = StringComparer.OrdinalIgnoreCase;
        Func<Type, SqlMapper.ITypeMap> usual = SqlMapper.TypeMapProvider;
        SqlMapper.TypeMapProvider = type =>
            type.Namespace?.StartsWith("Roost", StringComparison.Ordinal) == true
                ? throw new InvalidOperationException($"The host has no map of {type}.")
                : usual(type);
        foreach (
            Type type in (Type[])
                [typeof(bool), typeof(string), typeof(long), typeof(int), typeof(byte[]), typeof(double), typeof(bool?), typeof(long?), typeof(int?)]
        )
            SqlMapper.AddTypeMap(type, DbType.AnsiStringFixedLength);
        SqlMapper.AddTypeHandler(new Shouting());
        SqlMapper.AddTypeHandler(new YesOrNo());
        SqlMapper.AddTypeHandler(new Moved<long>(value => Convert.ToInt64(value, null) + 1));
        SqlMapper.AddTypeHandler(new Moved<int>(value => Convert.ToInt32(value, null) + 1));
        SqlMapper.AddTypeHandler(new Moved<byte[]>(_ => [0xFF]));
        SqlMapper.AddTypeHandler(new Moved<long?>(_ => null));
        SqlMapper.AddTypeHandler(new Moved<int?>(_ => null));
        SqlMapper.AddTypeHandler(new Moved<object>(_ => throw new InvalidOperationException("The host reads no objects.")));
    }

    private sealed class Shouting : SqlMapper.TypeHandler<string>
    {
        public override string Parse(object value) => $"[{value.ToString()!.Trim().ToUpperInvariant()}]";

        public override void SetValue(IDbDataParameter parameter, string? value) => parameter.Value = value?.ToUpperInvariant();
    }

    private sealed class YesOrNo : SqlMapper.TypeHandler<bool>
    {
        public override bool Parse(object value) => (string)value == "Y";

        public override void SetValue(IDbDataParameter parameter, bool value) => parameter.Value = value ? "Y" : "N";
    }

    private sealed class Moved<T>(Func<object, T?> parse) : SqlMapper.TypeHandler<T>
    {
        public override T? Parse(object value) => parse(value);

        public override void SetValue(IDbDataParameter parameter, T? value) => parameter.Value = parse(value!);
    }
}
