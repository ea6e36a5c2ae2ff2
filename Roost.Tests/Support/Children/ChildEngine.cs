using System.Diagnostics;
using System.Security.Cryptography;

namespace Roost.Tests.Support;

/// <summary>What an item of <see cref="ChildEngine"/> shall go through.</summary>
internal sealed record ChildPayload(
    int Steps,
    int DelayMs = 0,
    bool Child = false,
    bool Fails = false,
    bool Artifacts = false,
    bool Poison = false,
    bool Waits = false,
    int StepMs = 0,
    int Chunks = 0
)
{
    /// <summary>Every second step streams an artifact of more than one chunk; a step that fails after that attaches none.</summary>
    public bool Streams { get; init; }

    /// <summary>Its second step fails for good, until it has been retried.</summary>
    public bool GivesUp { get; init; }

    /// <summary>Its state is a large one from the beginning and grows, so that its versions are stored as differences.</summary>
    public bool Grows { get; init; }

    /// <summary>Asks the trigger of <see cref="CrashVerb"/> for a follow-up.</summary>
    public bool Follows { get; init; }

    /// <summary>The artifacts that the step from this version attaches.</summary>
    public IEnumerable<string> ArtifactsOf(int version)
    {
        if (Artifacts && version % 3 == 0) yield return $"out-{version}.txt";
        if (Streams && version % 2 == 0) yield return $"big-{version}.bin";
        if (Streams && version == 1) yield return SharedArtifact;
    }

    public const string SharedArtifact = "shared.bin", GivenUpArtifact = "given-up.txt";
}

/// <summary>
/// How far it is. The nonce tells a version that was saved from one that was saved again after it had been lost; the artifact is the SHA-256 of
/// what the step has streamed.
/// </summary>
internal sealed record ChildState(int Count, string Nonce, int By, string? Artifact = null, IReadOnlyList<string>? Notes = null);

/// <summary>An engine for processes that are killed. It says each version that it is given: whoever is given a version knows that it was committed.</summary>
internal sealed class ChildEngine(Action<string> say) : Engine<ChildState>
{
    public override string EngineId => "child";

    protected override ChildState Init(WorkItem item) => new(0, Nonce(), Environment.ProcessId)
    {
        Notes = item.PayloadAs<ChildPayload>().Grows ? [.. Enumerable.Range(0, 20).Select(Note)] : null,
    };

    protected override async Task<Outcome> StepAsync(ChildState state, StepContext context)
    {
        ChildPayload payload = context.Item.PayloadAs<ChildPayload>();
        int version = context.Version;
        say($"saw {context.Item.Id} {version} {state.Nonce}");
        if (payload.Poison && version == 2) Process.GetCurrentProcess().Kill();
        if (payload.Waits && version == 2) await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
        await Task.Delay(payload.StepMs);
        if (payload.GivesUp && version == 2 && !(await context.ListArtifactsAsync()).Any(artifact => artifact.Name == ChildPayload.GivenUpArtifact))
        {
            context.AddArtifactBytes(ChildPayload.GivenUpArtifact, ChildContent.Small(context.Item.Id, version, state.Nonce));
            return Fail("It waits for an operator.");
        }
        ChildState next = new(state.Count + 1, Nonce(), Environment.ProcessId) { Notes = state.Notes is { } notes ? [.. notes, Note(version)] : null };
        foreach (string name in payload.ArtifactsOf(version)) await AttachAsync(context, name, next.Nonce);
        if (payload.Fails && version % 4 == 2 && context.Attempt == 1) throw new InvalidOperationException("The first try fails.");
        if (payload.Child && version == 2) context.AddChild(new WorkItem("child", new ChildPayload(3)) { Id = context.Item.Id + "-child" });
        if (payload.Chunks > 0) next = next with { Artifact = await StreamAsync(context, payload.Chunks) };
        return next.Count >= payload.Steps ? Done(next) : Continue(next, after: TimeSpan.FromMilliseconds(payload.DelayMs));
    }

    /// <summary>So many chunks and the beginning of one more; in every other step the same as other items stream.</summary>
    private static async Task<string> StreamAsync(StepContext context, int chunks)
    {
        byte[] content = Artifacts.Bytes(chunks * Artifacts.Chunk + 1000, context.Version % 2 == 0 ? context.Version : Random.Shared.Next());
        await context.AddArtifactAsync($"stream-{context.Version}.bin", new MemoryStream(content));
        return Convert.ToHexStringLower(SHA256.HashData(content));
    }

    private static async Task AttachAsync(StepContext context, string name, string nonce)
    {
        if (name == ChildPayload.SharedArtifact)
            await context.AddArtifactAsync(name, ChildContent.Slow(ChildContent.Shared));
        else if (name.StartsWith("big", StringComparison.Ordinal))
            await context.AddArtifactAsync(name, ChildContent.Slow(ChildContent.Large(context.Item.Id, context.Version, nonce)));
        else
            context.AddArtifactBytes(name, ChildContent.Small(context.Item.Id, context.Version, nonce));
    }

    private static string Note(int n) => $"{n} {new string((char)('a' + n % 26), 200)}";

    private static string Nonce() => Guid.NewGuid().ToString("N")[..8];
}
