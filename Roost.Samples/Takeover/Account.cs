using System.Globalization;
using System.Text.Json;

namespace Roost.Samples.Takeover;

/// <summary>Tells a work item's events as a story, and remembers the versions that were saved.</summary>
internal sealed class Account(TextWriter output)
{
    private readonly List<int> versions = [];
    private readonly List<string> workers = [];
    private DateTimeOffset? began;

    /// <summary>The versions in the order in which they were committed.</summary>
    public IReadOnlyList<int> Versions => versions;

    /// <summary>The sequence number of the last event told.</summary>
    public long Last { get; private set; }

    public void Tell(WorkEvent happened)
    {
        Last = happened.Sequence;
        began ??= happened.At;
        if (Words(happened) is not { } words) return;
        double seconds = (happened.At - began.Value).TotalSeconds;
        Say(string.Create(CultureInfo.InvariantCulture, $"{seconds,8:0.00} s  {words}"));
    }

    public void Say(string line = "") => output.WriteLine(line);

    private string? Words(WorkEvent happened)
    {
        switch (happened.Kind)
        {
            case EventKinds.Stepped or EventKinds.Done:
                versions.Add(Field(happened, "version").GetInt32());
                return $"version {versions[^1]} saved: {Field(happened, "step")}";
            case EventKinds.Claimed:
                return $"leased to worker {NumberOf(Field(happened, "worker").GetString()!)}";
            case EventKinds.Interrupted:
                return "found interrupted: its worker is dead";
            case EventKinds.StepFailed or EventKinds.Failed:
                return $"{happened.Kind}: {Field(happened, "message")}";
            default:
                return happened.Kind;
        }
    }

    /// <summary>Workers in the order of their first lease: the first one is killed.</summary>
    private int NumberOf(string worker)
    {
        if (!workers.Contains(worker)) workers.Add(worker);
        return workers.IndexOf(worker) + 1;
    }

    private static JsonElement Field(WorkEvent happened, string name) =>
        happened.Data is { } data && data.TryGetProperty(name, out JsonElement value) ? value : default;
}
