using System.Text.Json;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Roost.Tests.Support;

/// <summary>
/// What the items of <see cref="ChildEngine"/> must have brought once they have ended: every artifact whole, every child, every follow-up, each once.
/// </summary>
internal static class ChildAudit
{
    private sealed record Item(long Key, string Id, string State, int Version, ChildPayload Payload);

    /// <returns>How many artifacts were read back, byte by byte.</returns>
    public static async Task<int> MustBeWholeAsync(string path)
    {
        using SqliteConnection file = FileAudit.Open(path);
        List<Item> items = [.. file.Query<(long Key, string Id, string State, long Version, string Payload)>(
            "SELECT w.key, w.id, w.state, w.version, i.payload FROM roost_work w JOIN roost_work_input i ON i.work = w.key JOIN roost_lane l ON l.key = " +
            "w.lane WHERE l.engine = 'child'")
            .Select(row => new Item(row.Key, row.Id, row.State, (int)row.Version, JsonSerializer.Deserialize<ChildPayload>(row.Payload, RoostJson.Default)!))];
        var nonces = file.Query<(string Id, long Version, string Nonce)>(
            "SELECT w.id, s.version, state_of(s.work, s.version) ->> 'nonce' FROM roost_snapshot s JOIN roost_work w ON w.key = s.work")
            .ToDictionary(row => (row.Id, (int)row.Version), row => row.Nonce);
        Descendants(file, items).Should().BeEmpty("children and follow-ups come with their parents' commits, once");

        var wrong = new List<string>();
        int read = 0;
        await using var roost = new RoostRuntime(ChildVerbs.Options(path));
        foreach (Item item in items.Where(item => item.Payload.Artifacts || item.Payload.Streams || item.Payload.GivesUp))
        {
            IReadOnlyList<Artifact> artifacts = await roost.ListArtifactsOfAsync(item.Id);
            List<(string, int)> expected =
            [
                .. Enumerable
                    .Range(1, Math.Max(0, item.Version - 1))
                    .SelectMany(version => item.Payload.ArtifactsOf(version).Select(name => (name, version + 1))),
            ];
            // The step that gives up makes no version, so an item that was cancelled before the next one may or may not have come so far.
            int givenUp = artifacts.Count(artifact => artifact.Name == ChildPayload.GivenUpArtifact);
            if (item.Payload.GivesUp && (item.Version >= 3 ? givenUp != 1 : givenUp > 1))
                wrong.Add($"{item.Id} at version {item.Version} has given up {givenUp} times");
            List<(string, int)> stepped =
            [
                .. artifacts.Where(artifact => artifact.Name != ChildPayload.GivenUpArtifact).Select(artifact => (artifact.Name, artifact.Version)),
            ];
            if (!stepped.Order().SequenceEqual(expected.Order()))
                wrong.Add($"{item.Id} at version {item.Version} has [{string.Join(", ", stepped)}], not [{string.Join(", ", expected)}]");
            foreach (Artifact artifact in artifacts)
            {
                read++;
                byte[] content = await roost.ReadArtifactAsync(item.Id, artifact.Name, artifact.Version);
                if (!IsRight(item, artifact, content, nonces)) wrong.Add($"{artifact.Name} of {item.Id} at version {artifact.Version} holds something else");
            }
        }
        wrong.Should().BeEmpty("no artifact is missing, doubled or torn");
        return read;
    }

    private static bool IsRight(Item item, Artifact artifact, byte[] content, Dictionary<(string, int), string> nonces)
    {
        if (Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)) != artifact.Sha256) return false;
        if (artifact.Name == ChildPayload.SharedArtifact) return content.AsSpan().SequenceEqual(ChildContent.Shared);
        string nonce = nonces[(item.Id, artifact.Version)];
        if (artifact.Name == ChildPayload.GivenUpArtifact) return content.AsSpan().SequenceEqual(ChildContent.Small(item.Id, artifact.Version, nonce));
        int from = artifact.Version - 1;
        return content
            .AsSpan()
            .SequenceEqual(
                artifact.Name.StartsWith("big", StringComparison.Ordinal) ? ChildContent.Large(item.Id, from, nonce) : ChildContent.Small(item.Id, from, nonce)
            );
    }

    private static List<string> Descendants(SqliteConnection file, List<Item> items)
    {
        var wrong = new List<string>();
        var engines = file.Query<(long Parent, string Engine)>(
                "SELECT w.parent, l.engine FROM roost_work w JOIN roost_lane l ON l.key = w.lane WHERE w.parent IS NOT NULL"
            )
            .ToLookup(row => row.Parent, row => row.Engine);
        foreach (Item item in items)
        {
            int children = engines[item.Key].Count(engine => engine == "child"), followUps = engines[item.Key].Count(engine => engine == CrashVerb.FollowUp);
            // The step from version 2 brings the child, unless the item was cancelled with it.
            int least = item.Payload.Child && (item.Version > 3 || (item.Version == 3 && item.State == "done")) ? 1 : 0,
                most = item.Payload.Child && item.Version >= 3 ? 1 : 0;
            if (children < least || children > most)
                wrong.Add($"{item.Id} ({item.State}, version {item.Version}) has {children} children");
            if (followUps != (item.Payload.Follows && item.State == "done" ? 1 : 0))
                wrong.Add($"{item.Id} ({item.State}) has {followUps} follow-ups");
        }
        return wrong;
    }
}
