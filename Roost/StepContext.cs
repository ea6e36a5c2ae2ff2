using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Roost.Execution;
using Roost.Observing;
using Roost.Stores;

namespace Roost;

/// <summary>
/// What a step knows beside its snapshot, and what it may add to its outcome. Artifacts, events and child work are staged: they land in the
/// transaction that commits the step, or not at all. Use it within the step, not after it: a step that has ended takes nothing more. What is asynchronous here
/// takes no token: it ends with the step's own (<see cref="CancellationToken"/>).
/// </summary>
public sealed partial class StepContext
{
    private readonly RoostRuntime runtime;
    private readonly ActiveStep step;
    private readonly LeasedWork lease;
    private readonly Lock gate = new();
    private string? idempotencyKey;
    private Staged? staged;
    private string? streaming;
    private int streams;
    private bool ended;
    private int interrupted;

    /// <summary>The typed engine that has had the snapshot; where that is not who was asked, somebody else has had it as well.</summary>
    internal object? SteppedBy { get; set; }

    internal StepContext(RoostRuntime runtime, ActiveStep step)
    {
        this.runtime = runtime;
        this.step = step;
        lease = step.Lease;
        CancellationToken = step.Token;
        Version = lease.Version;
    }

    /// <summary>The work item.</summary>
    public WorkItem Item => lease.Item;

    /// <summary>The version of the snapshot that this step was given.</summary>
    public int Version { get; }

    /// <summary>Which try of this step it is, from 1. Tries that ended with the death of the process are not counted here.</summary>
    public int Attempt => lease.Failures + 1;

    /// <summary>How many times in a row this step has asked to be tried again (<see cref="Outcome.RetryAfter"/>) without being charged.</summary>
    public int RetryAfters => lease.RetryAfters;

    /// <summary>How often the process has died during this step so far.</summary>
    public int Interruptions => lease.Interruptions + interrupted;

    /// <summary>
    /// Give it to the outside call that this step makes. The same for every try of one step; different for every other step and item, and
    /// for every other file. 32 hexadecimal digits.
    /// </summary>
    public string IdempotencyKey => idempotencyKey ??= DeriveKey();

    /// <summary>
    /// What has woken the item, where this step is the first after a wait (<see cref="Outcome.WaitFor(Snapshot, Wait)"/>), the same in each of its tries;
    /// else null. A signal in it is taken by this step's commit.
    /// </summary>
    public Wake? Wake => lease.Wake;

    /// <summary>The time, by the runtime's clock.</summary>
    public DateTimeOffset Now => runtime.Now;

    /// <summary>Fires when the step should stop; <see cref="CancellationReason"/> says why.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>Why <see cref="CancellationToken"/> has fired.</summary>
    public CancellationReason CancellationReason => step.Reason;

    /// <summary>
    /// Fires when the loop begins to stop, <see cref="RoostOptions.DrainTime"/> before <see cref="CancellationToken"/> does so. A long step can save
    /// how far it is and continue: what it returns within that time is kept, and the next step goes on from there when a loop runs again. One that
    /// throws <see cref="OperationCanceledException"/> instead is charged nothing, and runs again from its snapshot.
    /// </summary>
    public CancellationToken Stopping => step.Stopping;

    /// <summary>The item's private folder; nothing is created before <see cref="Roost.Workspace.EnsureAsync"/>.</summary>
    public Workspace Workspace => runtime.GetWorkspace(Item.Id);

    /// <summary>For what this step may not add: it would be refused in every try.</summary>
    private FinalFor Final => new(Item.Id);

    /// <summary>What its engine has said of the exception that it has thrown.</summary>
    internal RetryDecision Decision { get; set; }

    /// <summary>What it has staged so far.</summary>
    internal Staged? Staged => staged;

    /// <summary>
    /// The same step once more, with nothing staged, for a try whose outcome is compared and dropped.
    /// </summary>
    /// <param name="interruptions">How often the process has died during this step beyond what the file says.</param>
    /// <param name="key">Another idempotency key. Default: the same.</param>
    /// <param name="effects">Where its effects are recorded. Default: as of this one.</param>
    internal StepContext Again(int interruptions = 0, string? key = null, EffectLog? effects = null) =>
        new(runtime, step) { interrupted = interruptions, idempotencyKey = key, EffectLog = effects, IsDropped = true };

    /// <summary>Ends the step: what it has staged, to which nothing more is added.</summary>
    internal Staged? End()
    {
        lock (gate)
        {
            ended = true;
            effects?.End();
            output?.End();
            return staged;
        }
    }

    /// <summary>Ends a step that has returned. While one of its artifacts is still on the way it would be saved without it.</summary>
    /// <exception cref="InvalidInputException">One is.</exception>
    internal Staged? EndReturned()
    {
        lock (gate)
        {
            ended = true;
            effects?.End();
            output?.End();
            if (Over is not null) return staged;
            if (effects?.Unfinished is { } unfinished)
                throw new InvalidInputException(
                    "name",
                    $"\"{unfinished}\" is an effect whose call had not ended when the step of work item {Item.Id} returned; await it, and everything else " +
                    $"that the step starts, before it returns."
                )
                {
                    Final = Final,
                };
            if (streams == 0)
                return staged;
            throw new InvalidInputException(
                "name",
                $"\"{streaming}\" was still being added by AddArtifactAsync when the step of work item {Item.Id} returned; await it, and everything else " +
                $"that the step starts, before it returns."
            )
            {
                Final = Final,
            };
        }
    }

    /// <summary>Adds an artifact whose content is a value written as JSON.</summary>
    /// <param name="name">Its name within the item, such as <c>report.json</c>; once in a step.</param>
    /// <param name="value">Anything that serializes to JSON by <see cref="RoostOptions.Json"/>.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    [OverloadResolutionPriority(1)] // Null is no metadata.
    public void AddArtifact(string name, object value, ArtifactInfo? info = null) => AddJson(name, value, null, info);

    /// <summary>Adds an artifact whose content is a value written as JSON by source-generated metadata.</summary>
    /// <param name="name">Its name within the item, such as <c>report.json</c>; once in a step.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.Report</c>.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public void AddArtifact<T>(string name, T value, JsonTypeInfo<T> type, ArtifactInfo? info = null) where T : notnull
    {
        ArgumentNullException.ThrowIfNull(type);
        AddJson(name, value, type, info);
    }

    private void AddJson(string name, object value, JsonTypeInfo? type, ArtifactInfo? info)
    {
        ArgumentNullException.ThrowIfNull(value);
        byte[] json;
        try
        {
            json = type is null ? JsonText.Indented("value", value, runtime.Options.Json) : JsonText.Indented("value", value, type);
        }
        catch (InvalidInputException e)
        {
            throw OfArtifact(name, e);
        }
        AddArtifactBytes(name, json, info ?? new() { Kind = ArtifactKind.Json, MediaType = "application/json" });
    }

    /// <summary>Adds an artifact whose content is text, stored as UTF-8.</summary>
    /// <param name="name">Its name within the item; once in a step.</param>
    /// <param name="text">The text.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public void AddArtifactText(string name, string text, ArtifactInfo? info = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            Names.CheckSurrogates("text", text);
        }
        catch (InvalidInputException e)
        {
            throw OfArtifact(name, e);
        }
        AddArtifactBytes(name, Encoding.UTF8.GetBytes(text), info);
    }

    /// <summary>
    /// Adds an artifact whose content is in memory. At most 256 MiB; more than some MiB is better streamed by <see cref="AddArtifactAsync"/>.
    /// </summary>
    /// <param name="name">Its name within the item; once in a step.</param>
    /// <param name="content">The bytes; do not change them before the step has ended.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public void AddArtifactBytes(string name, ReadOnlyMemory<byte> content, ArtifactInfo? info = null)
    {
        if (content.Length > ArtifactNames.MaxInMemoryBytes)
            throw new InvalidInputException(
                "content",
                $"of artifact \"{name}\" is {content.Length:N0} bytes; the limit in memory is {ArtifactNames.MaxInMemoryBytes:N0}. Stream it by " +
                $"AddArtifactAsync."
            )
            {
                Final = Final,
            };
        Stage(Describe(name, info) with { Content = content, Sha256 = SHA256.HashData(content.Span) }, content.Length);
    }

    /// <summary>Adds an artifact that is somewhere else: its address alone is stored.</summary>
    /// <param name="name">Its name within the item; once in a step.</param>
    /// <param name="uri">An absolute URI.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public void AddArtifactUri(string name, Uri uri, ArtifactInfo? info = null)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (!uri.IsAbsoluteUri) throw new InvalidInputException("uri", $"\"{uri}\" is relative; give an absolute one.") { Final = Final };
        Stage(Describe(name, info) with { Uri = uri.AbsoluteUri }, uri.AbsoluteUri.Length);
    }

    /// <summary>
    /// Adds an artifact from a stream, of any size, at constant memory. Its bytes land in the file as they come and count once the step commits.
    /// Await it: a step that returns before has failed.
    /// </summary>
    /// <param name="name">Its name within the item; once in a step.</param>
    /// <param name="content">Read to its end; not closed.</param>
    /// <param name="info">Kind, media type and metadata where the extension does not tell them.</param>
    public async Task AddArtifactAsync(string name, Stream content, ArtifactInfo? info = null)
    {
        ArgumentNullException.ThrowIfNull(content);
        try
        {
            await UploadAsync(Describe(name, info), content).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Where nobody awaits this, nobody else would say it.
            runtime.Log.ArtifactNotAdded(e, name, Item.Id, Version);
            throw;
        }
    }

    private async Task UploadAsync(StagedArtifact described, Stream content)
    {
        lock (gate)
        {
            CheckName(described.Name);
            streams++;
            streaming = described.Name;
        }
        try
        {
            PinnedBlob blob = await runtime.Store.UploadAsync(lease.WorkerKey, content, CancellationToken).ConfigureAwait(false);
            try
            {
                Stage(described with { Blob = blob, Sha256 = blob.Sha256 }, 256);
            }
            catch
            {
                await runtime.Store.DropUploadAsync(blob).ConfigureAwait(false);
                throw;
            }
        }
        finally
        {
            lock (gate) streams--;
        }
    }

    /// <summary>The artifacts that earlier steps have attached, oldest first.</summary>
    public Task<IReadOnlyList<Artifact>> ListArtifactsAsync() => runtime.ListArtifactsOfAsync(Item.Id, CancellationToken);

    /// <summary>Opens an artifact of an earlier step for reading; the latest of that name.</summary>
    /// <exception cref="NotFoundException">No earlier step has attached one of that name.</exception>
    public Task<Stream> OpenArtifactAsync(string name) => runtime.OpenArtifactAsync(Item.Id, name, cancellationToken: CancellationToken);

    /// <summary>Adds an event without data to the item's history, stored with the prefix <c>engine.</c></summary>
    /// <param name="kind">1 to 100 characters.</param>
    public void AddEvent(string kind) => AddAny(kind, null);

    /// <summary>Adds an event to the item's history, stored with the prefix <c>engine.</c></summary>
    /// <param name="kind">1 to 100 characters.</param>
    /// <param name="data">Anything that serializes to JSON by <see cref="RoostOptions.Json"/>, or nothing.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public void AddEvent(string kind, object? data) => AddAny(kind, data);

    /// <summary>Adds an event to the item's history, its data written by source-generated metadata.</summary>
    /// <param name="kind">1 to 100 characters; stored with the prefix <c>engine.</c></param>
    /// <param name="data">The data.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.Progress</c>.</param>
    public void AddEvent<T>(string kind, T data, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        AddAny(kind, data is null ? null : new TypedJson(data, type));
    }

    private void AddAny(string kind, object? data)
    {
        byte[]? json = Checked(() =>
        {
            Names.Check("kind", kind);
            if (kind.Length > 100) throw new InvalidInputException("kind", $"is {kind.Length} characters long; the limit is 100.");
            return data is null ? null : JsonText.Serialize("data", data, runtime.Options.Json, runtime.Options.MaxJsonBytes, objectOnly: false);
        });
        lock (gate)
        {
            Open().Events.Add(("engine." + kind, json));
            Open().AddBytes(json?.Length ?? 0);
        }
    }

    /// <summary>
    /// Takes signals out of the item's mailbox, in the order in which they came: those that had come when the first try of this step began, without the
    /// one in <see cref="Wake"/> and those that it has taken before. They are gone once the step has committed a state, and there again if it does not. An
    /// empty mailbox costs nothing; else it is one read of the file, on this thread.
    /// </summary>
    /// <param name="name">Only signals of this name. Default: of any.</param>
    /// <param name="limit">How many at most; 1 to 10,000. Default 1,000.</param>
    public IReadOnlyList<Signal> TakeSignals(string? name = null, int limit = 1000)
    {
        Checked(() =>
        {
            if (name is not null) Names.CheckExact("name", name);
            return limit is < 1 or > 10_000 ? throw new InvalidInputException("limit", $"is {limit}; it must be from 1 to 10,000.") : limit;
        });
        lock (gate)
        {
            if (!lease.HasMail) return [];
            HashSet<long> taken = Open().Taken;
            long[] gone = lease.Wake?.Signal is { } waker ? [.. taken, waker.Key] : [.. taken];
            IReadOnlyList<Signal> found = runtime.Store.Reads.Signals(Item.Id, name, lease.SignalsSeen, gone, limit);
            if (found.FirstOrDefault(signal => !signal.IsWhole) is { } damaged)
                throw new ItemEndedException(Item.Id, FailReasons.CorruptSignal, Damage.OfSignal(damaged));
            foreach (Signal signal in found)
            {
                taken.Add(signal.Key);
                Spans.Link(lease.Trace?.Step, signal.Trace, "signal");
            }
            return found;
        }
    }

    /// <summary>
    /// Sends a signal to another work item, or to this one: it lands with this step's commit. Where the other has ended by then, is unknown or has a full
    /// mailbox, that is an event of this item, <c>signal_dropped</c>, and no fault of the step. Dropped where this item was cancelled meanwhile.
    /// </summary>
    /// <param name="workId">The id of the item.</param>
    /// <param name="name">The signal's name, 1 to 256 characters.</param>
    /// <param name="payload">Anything that serializes to JSON by <see cref="RoostOptions.Json"/>. Default: null.</param>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public void Signal(string workId, string name, object? payload = null) => SignalAny(workId, name, payload);

    /// <summary>Sends a signal whose payload is written by source-generated metadata.</summary>
    /// <param name="workId">The id of the item.</param>
    /// <param name="name">The signal's name, 1 to 256 characters.</param>
    /// <param name="payload">What it carries.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.Payment</c>.</param>
    public void Signal<T>(string workId, string name, T payload, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        SignalAny(workId, name, new TypedJson(payload, type));
    }

    private void SignalAny(string workId, string name, object? payload)
    {
        StagedSignal signal = Checked(() =>
        {
            Names.Check("workId", workId);
            return new StagedSignal(workId, WaitCheck.Check(name, payload, null, runtime.Options));
        });
        lock (gate)
        {
            Open().Signals.Add(signal);
            Open().AddBytes(signal.Signal.Bytes);
        }
    }

    private InvalidInputException OfArtifact(string name, InvalidInputException e) =>
        new(e.Field, $"of artifact \"{name}\" {e.Rule}", e) { Final = Final, FinalReason = e.FinalReason };

    private StagedArtifact Describe(string name, ArtifactInfo? info) => Checked(() =>
    {
        Names.CheckFile("name", name);
        info ??= new();
        if (!Enum.IsDefined(info.Kind))
            throw new InvalidInputException(
                "Kind",
                $"{(int)info.Kind} is no kind of artifact; give one of {string.Join(", ", Enum.GetNames<ArtifactKind>())}."
            );
        byte[]? metadata = info.Metadata is null
            ? null
            : JsonText.Serialize("Metadata", info.Metadata, runtime.Options.Json, runtime.Options.MaxJsonBytes, objectOnly: true);
        if (info.MediaType is not null)
            Names.Check("MediaType", info.MediaType);
        return new StagedArtifact(
            name,
            info.Kind == ArtifactKind.Auto ? ArtifactNames.KindOf(name) : info.Kind,
            info.MediaType ?? ArtifactNames.MediaTypeOf(name),
            metadata
        );
    });

    /// <summary>What is refused here would be refused in every try.</summary>
    private T Checked<T>(Func<T> check)
    {
        try
        {
            return check();
        }
        catch (InvalidInputException e)
        {
            e.Final = Final;
            throw;
        }
    }

    private void Stage(StagedArtifact artifact, int bytes)
    {
        lock (gate)
        {
            CheckName(artifact.Name);
            Open().Artifacts.Add(artifact);
            Open().AddBytes(bytes);
        }
    }

    private void CheckName(string name)
    {
        if (Open().Artifacts.Any(other => other.Name == name))
            throw new InvalidInputException("name", $"\"{name}\" was added before in this step of work item {Item.Id}; give each its own name.")
            {
                Final = Final,
            };
    }

    private Staged Open()
    {
        if (ended)
            throw new ConflictException(
                $"This step of work item {Item.Id} (from version {Version}) has ended; nothing can be added to it. Await everything that the step starts " +
                $"before it returns."
            );
        effects?.ThrowIfOver();
        return staged ??= new();
    }

    private string DeriveKey()
    {
        Span<byte> of = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(of, lease.Nonce);
        BinaryPrimitives.WriteInt32LittleEndian(of[8..], lease.Branch);
        BinaryPrimitives.WriteInt32LittleEndian(of[12..], lease.Version);
        return DerivedKey.Of(lease.FileId, of);
    }
}
