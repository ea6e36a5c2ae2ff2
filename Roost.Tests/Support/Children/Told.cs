using System.Collections.Concurrent;

namespace Roost.Tests.Support;

/// <summary>What workers were told of the versions of items: given one, or that theirs was committed or refused. The file has to say the same.</summary>
internal sealed class Told
{
    private readonly ConcurrentDictionary<(string Id, int Version), int> versions = new();
    private readonly ConcurrentBag<(string Id, int Version, int State)> refused = [];
    private readonly ConcurrentQueue<string> wrong = new();

    public int Versions => versions.Count;

    public int Refused => refused.Count;

    /// <summary>Somebody was given this state as that of a version, or told that it was committed.</summary>
    public void Tell(string id, int version, int state)
    {
        if (versions.GetOrAdd((id, version), state) is var known && known != state) wrong.Enqueue($"version {version} of {id} was {known} and then {state}");
    }

    /// <summary>Somebody was told that this was not committed, for the lease was lost.</summary>
    public void Refuse(string id, int version, int state) => refused.Add((id, version, state));

    /// <summary>Every version that somebody was told of is in the file as it was, and none that was refused.</summary>
    public void MustBeIn(RoostRuntime roost)
    {
        var missing = versions.Keys.ToHashSet();
        var never = refused.ToHashSet();
        foreach (object[] row in roost.Table("SELECT w.id, s.version, s.data FROM roost_snapshot s JOIN roost_work w ON w.key = s.work"))
        {
            (string id, int version, int state) = ((string)row[0], (int)(long)row[1], int.Parse((string)row[2], null));
            missing.Remove((id, version));
            if (versions.TryGetValue((id, version), out int known) && known != state)
                wrong.Enqueue($"version {version} of {id} is {state}, and somebody was told {known}");
            if (never.Contains((id, version, state)))
                wrong.Enqueue($"version {version} of {id} is that of a commit that was refused");
        }
        foreach ((string id, int version) in missing) wrong.Enqueue($"version {version} of {id} is lost");
        wrong.Should().BeEmpty();
    }
}
