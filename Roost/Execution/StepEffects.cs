using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Roost.Observing;
using Roost.Stores;
using Roost.Writing;

namespace Roost.Execution;

/// <summary>
/// The effects of one try of a step: which places they have in it, what earlier tries have recorded of them, and what this one records. Made when the step
/// first asks for one.
/// </summary>
internal sealed class StepEffects(RoostRuntime runtime, ActiveStep step, EffectLog log)
{
    private const int MostDeep = 16;

    /// <summary>The effect within whose call the code runs.</summary>
    private static readonly AsyncLocal<Call?> Enclosing = new();

    private readonly Lock gate = new();
    private readonly Dictionary<(string Within, string Name), int> counts = [];
    private readonly HashSet<(string Within, string Name)> open = [];
    private readonly LeasedWork lease = step.Lease;
    private Task<Dictionary<string, StoredEffect>>? recorded;
    private bool ended;

    /// <summary>The effect whose call this runs in: its key, and whether it is made again without anybody being asked. Null outside of one.</summary>
    public static (string Key, bool IsRepeated)? Here => Enclosing.Value is { IsOver: false } call ? (call.Place.Key, !call.HasIntent) : null;

    /// <summary>Why the step is over; null while it is not.</summary>
    public StepOverException? Over { get; private set; }

    /// <summary>The step has one or more.</summary>
    public bool IsAny { get; private set; }

    /// <summary>One whose call has not ended.</summary>
    public string? Unfinished
    {
        get
        {
            lock (gate) return open.Count == 0 ? null : open.First().Name;
        }
    }

    private FinalFor Final => new(lease.Item.Id);

    /// <summary>From here on no call begins.</summary>
    public void End()
    {
        lock (gate) ended = true;
    }

    /// <exception cref="StepOverException">The step is over.</exception>
    public void ThrowIfOver()
    {
        if (Over is { } over) throw new StepOverException($"This step of work item {lease.Item.Id} is over: {over.Message}", over);
    }

    /// <summary>A key that is recorded nowhere.</summary>
    public string KeyFor(string name)
    {
        lock (gate)
        {
            string key = PlaceOf(Within(), name).Key;
            log.Given(key);
            return key;
        }
    }

    /// <summary>Makes the call, unless its result is recorded.</summary>
    public async Task<T> OnceAsync<T>(
        string name, Func<string, CancellationToken, Task<T>> make, Func<JsonTypeInfo<T>> typeOf, EffectOptions options, CancellationToken token)
    {
        // Up to the first wait this runs within the caller's call: that is what numbers are given by.
        Call call = Begin<T>(name, options);
        Activity? span = Spans.HasListeners ? EffectSpan.Start(lease, call.Place, runtime.Path) : null;
        try
        {
            return await ResultAsync(call, make, TypeOf(call, typeOf), options, span, token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Spans.Fail(span, e.GetType().FullName!, e.Message, null);
            throw;
        }
        finally
        {
            lock (gate) open.Remove((call.Within, name));
            Spans.End(span);
        }
    }

    private async Task<T> ResultAsync<T>(
        Call call, Func<string, CancellationToken, Task<T>> make, JsonTypeInfo<T> type, EffectOptions options, Activity? span, CancellationToken token)
    {
        byte[]? arguments = ArgumentsOf(call, options);
        Dictionary<string, StoredEffect> records = await (recorded ?? Recorded()).ConfigureAwait(false);
        ThrowIfOver();
        records.TryGetValue(call.Place.Path, out StoredEffect? stored);
        if (stored is not null)
        {
            CheckStored(call, stored, arguments);
            if (stored.Result is { } known)
            {
                span?.SetTag(AttributeNames.Outcome, "recorded");
                return Read(call, known, type);
            }
        }
        bool hasIntent = stored is not null;
        if (hasIntent && options.Interrupted.HasIntent)
        {
            Probed<T> said = options.Interrupted.ProbeOf<T>() is { } probe
                ? await (probe(call.Place.Key, token) ?? throw NullTask("probe", call)).ConfigureAwait(false)
                : Probed.Unknown;
            ThrowIfOver();
            span?.SetTag(AttributeNames.Outcome, said.HasHappened switch { true => "probed", false => "called", null => "asked" });
            switch (said.HasHappened)
            {
                case true: return await RecordAsync(call, arguments, stored!.BegunAt, said.Result!, type).ConfigureAwait(false);
                case null:
                    throw End(new StepOverException(Unknown(call))
                    {
                        Ask = new(call.Place.Path, EffectQuestion.Make(call.Place, lease, options, stored!, ResultSchema(type), runtime.Options)),
                    });
            }
        }
        else span?.SetTag(AttributeNames.Outcome, "called");
        token.ThrowIfCancellationRequested();
        long begun = runtime.Store.Clock.Now.ToUnixTimeMilliseconds();
        if (options.Interrupted.HasIntent && !hasIntent)
        {
            await SaveAsync(call, new(call.Place, arguments, begun, null)).ConfigureAwait(false);
            hasIntent = true;
        }
        T made = await CallAsync(call, make, hasIntent, token).ConfigureAwait(false);
        return await RecordAsync(call, arguments, begun, made, type).ConfigureAwait(false);
    }

    private async Task<T> CallAsync<T>(Call call, Func<string, CancellationToken, Task<T>> make, bool hasIntent, CancellationToken token)
    {
        try
        {
            token.ThrowIfCancellationRequested(); // It was to be written that the call begins, and that took its time.
        }
        catch (OperationCanceledException) when (hasIntent)
        {
            await RemoveAsync(call).ConfigureAwait(false);
            throw;
        }
        try
        {
            Enclosing.Value = call; // Of this method alone, and what it calls.
            return await (make(call.Place.Key, token) ?? throw NullTask("call", call)).ConfigureAwait(false);
        }
        catch (Exception) when (hasIntent && IsLive)
        {
            await RemoveAsync(call).ConfigureAwait(false);
            throw;
        }
        finally
        {
            call.IsOver = true;
        }
    }

    /// <summary>Nothing but the call itself has ended it.</summary>
    private bool IsLive
    {
        get
        {
            lock (gate) return !ended && Over is null && step.Reason == CancellationReason.None;
        }
    }

    private async Task<T> RecordAsync<T>(Call call, byte[]? arguments, long begun, T result, JsonTypeInfo<T> type)
    {
        byte[] json = Checked(call, FailReasons.EffectUnrecordable, () =>
            log.Settle(call.Place, JsonText.Serialize("result", result, type, runtime.Options.MaxJsonBytes, objectOnly: false)));
        T read;
        try
        {
            read = JsonSerializer.Deserialize(json, type)!;
        }
        catch (Exception e) when (e is not OutOfMemoryException) // Of the type's own code, too: the call has been made, and is not to be made again.
        {
            throw End(Never(FailReasons.EffectUnrecordable, $"The result of {Told(call)} does not come back from JSON: {e.Message}", e));
        }
        await SaveAsync(call, new(call.Place, arguments, begun, json)).ConfigureAwait(false);
        return read;
    }

    private async Task SaveAsync(Call call, EffectRecord record)
    {
        bool isHeld;
        try
        {
            isHeld = await CommitFaults.UntilSavedAsync(step, runtime.Log, () => log.SaveAsync(record)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            bool isUncharged = step.IsLost || e is ObjectDisposedException; // Else it would be called again and again.
            throw End(new StepOverException($"{Told(call)} could not be recorded: {e.Message}", e) { IsUncharged = isUncharged });
        }
        if (!isHeld) throw Lost(call);
    }

    private async Task RemoveAsync(Call call)
    {
        try
        {
            if (await log.RemoveAsync(call.Place).ConfigureAwait(false)) return;
        }
        catch (Exception e) when (e is RoostException or ObjectDisposedException)
        {
            runtime.Log.EffectNotTakenBack(e, call.Place.Path, lease.Item.Id, lease.Version); // It stays unknown.
            return;
        }
        throw Lost(call);
    }

    private StepOverException Lost(Call call)
    {
        step.Cancel(CancellationReason.LeaseLost);
        return End(new StepOverException($"{Told(call)} could not be recorded: the lease is lost.") { IsUncharged = true });
    }

    /// <summary>The step is over for this, or was for something before.</summary>
    private StepOverException End(StepOverException over)
    {
        lock (gate) return Over ??= over;
    }

    private StepOverException Never(string reason, string message, Exception? error = null) =>
        new(message, error) { Final = new(lease.Item.Id, reason) };

    /// <summary>What is refused here would be refused in every try.</summary>
    private Call Begin<T>(string name, EffectOptions options)
    {
        try
        {
            EffectQuestion.Check<T>(options);
            return Begin(name, options.Interrupted.HasIntent);
        }
        catch (InvalidInputException e)
        {
            e.Final = Final;
            throw;
        }
    }

    private Call Begin(string name, bool hasIntent)
    {
        lock (gate)
        {
            Call? within = Within();
            string path = within?.Place.Path ?? "";
            if (open.Contains((path, name)))
                throw new InvalidInputException(
                    "name",
                    $"\"{name}\" is the name of another effect whose call has not ended, in the step of work item {lease.Item.Id} from version " +
                    $"{lease.Version}: which of them comes first would decide which result is whose. Give each a name of its own, or await one after the other."
                );
            EffectPlace place = PlaceOf(within, name);
            log.Given(place.Key);
            open.Add((path, name));
            IsAny = true;
            return new(this, place, path, (within?.Depth ?? 0) + 1, hasIntent);
        }
    }

    private Call? Within()
    {
        ThrowIfOver();
        if (ended)
            throw new ConflictException(
                $"This step of work item {lease.Item.Id} (from version {lease.Version}) has ended; it makes no effect any more. Await everything that " +
                $"the step starts before it returns."
            );
        if (Enclosing.Value is not { } within || within.Of != this) return null;
        if (within.IsOver)
            throw new ConflictException(
                $"The call of effect \"{within.Place.Path}\" of work item {lease.Item.Id} has ended; it makes no effect any more. Await everything that " +
                $"a call starts before it returns."
            );
        return within;
    }

    /// <summary>The next of a name, counted now: which it is does not depend on how long the others take.</summary>
    private EffectPlace PlaceOf(Call? within, string name)
    {
        Names.Check("name", name);
        if (within?.Depth >= MostDeep) throw new InvalidInputException("name", $"\"{name}\" would be within {MostDeep} other effects; that is the limit.");
        string path = within?.Place.Path ?? "";
        int number = counts[(path, name)] = counts.GetValueOrDefault((path, name)) + 1;
        string its = Escaped(name) + (number == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $"#{number}"));
        string whole = within is null ? its : $"{path}/{its}";
        return new(whole, name, number, KeyOf(whole));
    }

    /// <summary>What separates the parts of a path is marked where it is part of a name.</summary>
    private static string Escaped(string name) => name.AsSpan().ContainsAny("\\/#")
        ? name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("/", "\\/", StringComparison.Ordinal).Replace("#", "\\#", StringComparison.Ordinal)
        : name;

    private string KeyOf(string path)
    {
        Span<byte> of = stackalloc byte[32], hash = stackalloc byte[SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt64LittleEndian(of, lease.Nonce);
        BinaryPrimitives.WriteInt32LittleEndian(of[8..], lease.Branch);
        BinaryPrimitives.WriteInt32LittleEndian(of[12..], lease.Version);
        SHA256.HashData(Encoding.UTF8.GetBytes(path), hash);
        hash[..16].CopyTo(of[16..]);
        return DerivedKey.Of(lease.FileId, of);
    }

    private Task<Dictionary<string, StoredEffect>> Recorded()
    {
        lock (gate) return recorded ??= LoadAsync();
    }

    private async Task<Dictionary<string, StoredEffect>> LoadAsync() =>
        (await log.LoadAsync().ConfigureAwait(false)).ToDictionary(each => each.Path, StringComparer.Ordinal);

    private void CheckStored(Call call, StoredEffect stored, byte[]? arguments)
    {
        if (!stored.IsWhole) throw End(Never(FailReasons.CorruptEffect, Damage.OfEffect(lease.Item.Id, call.Place.Path)));
        if (Same(stored.Arguments, arguments)) return;
        throw End(Never(
            FailReasons.EffectMismatch,
            $"{Told(call)} was made with other arguments than are recorded: {Shown(arguments)} instead of {Shown(stored.Arguments)}. Let each try of a step " +
            $"make the same calls, or retry it without what was recorded (fresh)."));
    }

    private static bool Same(byte[]? one, byte[]? other) => one is null || other is null
        ? one == other
        : one.AsSpan().SequenceEqual(other) || JsonElement.DeepEquals(JsonText.Parse(one), JsonText.Parse(other));

    private static string Shown(byte[]? arguments) => arguments is null ? "none" : ShortText.Cut(Encoding.UTF8.GetString(arguments), 200);

    private T Read<T>(Call call, byte[] json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type)!;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw End(Never(
                FailReasons.EffectMismatch, $"The recorded result of {Told(call)} cannot be read as {TypeNames.Of(typeof(T))}: {e.Message}", e));
        }
    }

    /// <summary>Judged before the call: nothing of a result may be lost.</summary>
    private JsonTypeInfo<T> TypeOf<T>(Call call, Func<JsonTypeInfo<T>> typeOf)
    {
        try
        {
            return typeOf();
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            throw End(Never(FailReasons.EffectUnrecordable, $"The result of {Told(call)} could not be recorded: {e.Message}", e));
        }
    }

    private byte[]? ArgumentsOf(Call call, EffectOptions options)
    {
        if (options.Arguments is not { } arguments) return null;
        return Checked(call, FailReasons.InvalidStep, () =>
            JsonText.Serialize("Arguments", arguments, runtime.Options.Json, runtime.Options.MaxJsonBytes, objectOnly: false));
    }

    private byte[] Checked(Call call, string reason, Func<byte[]> write)
    {
        try
        {
            return write();
        }
        catch (InvalidInputException e)
        {
            throw End(Never(reason, $"{Told(call)}: {e.Message}", e));
        }
    }

    /// <summary>What a result that a person gives has to fit; any JSON where the type says more than a form can be made of.</summary>
    private static byte[]? ResultSchema<T>(JsonTypeInfo<T> type)
    {
        if (typeof(T) == typeof(Nothing)) return null;
        try
        {
            return AnswerSchema.Of(type);
        }
        catch (InvalidInputException)
        {
            return "true"u8.ToArray();
        }
    }

    private string Unknown(Call call) => $"it is not known whether {Told(call)} has happened; a person is asked.";

    private string Told(Call call) => $"effect \"{call.Place.Path}\" of work item {lease.Item.Id} at version {lease.Version}";

    private InvalidInputException NullTask(string what, Call call) => new(what, $"of {Told(call)} returned a null task; return one.") { Final = Final };

    /// <summary>One that this try has begun.</summary>
    private sealed class Call(StepEffects of, EffectPlace place, string within, int depth, bool hasIntent)
    {
        public bool HasIntent => hasIntent;
        public StepEffects Of => of;
        public EffectPlace Place => place;
        public string Within => within;
        public int Depth => depth;
        public bool IsOver { get; set; }
    }
}
