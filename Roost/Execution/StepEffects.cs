using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Roost.Observing;
using Roost.Stores;
using Roost.Writing;

namespace Roost.Execution;

/// <summary>
/// The effects of one try of a step: what earlier tries have recorded of them, and what this one records. Made when the step first asks for one.
/// </summary>
internal sealed class StepEffects(RoostRuntime runtime, ActiveStep step, EffectLog log)
{
    private readonly Lock gate = new();
    private readonly LeasedWork lease = step.Lease;
    private Task<Dictionary<string, StoredEffect>>? recorded;

    /// <summary>Those that this try has begun.</summary>
    public EffectCalls Calls { get; } = new(step, log);

    private FinalFor Final => new(lease.Item.Id);

    /// <summary>Makes the call, unless its result is recorded.</summary>
    public async Task<T> OnceAsync<T>(
        string name, Func<string, CancellationToken, Task<T>> make, Func<JsonTypeInfo<T>> typeOf, EffectOptions options, CancellationToken token)
    {
        // Up to the first wait this runs within the caller's call: that is what numbers are given by.
        EffectCall call = Begin<T>(name, options);
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
            Calls.Close(call);
            Spans.End(span);
        }
    }

    private async Task<T> ResultAsync<T>(
        EffectCall call, Func<string, CancellationToken, Task<T>> make, JsonTypeInfo<T> type, EffectOptions options, Activity? span, CancellationToken token)
    {
        byte[]? arguments = ArgumentsOf(call, options);
        Dictionary<string, StoredEffect> records = await (recorded ?? Recorded()).ConfigureAwait(false);
        Calls.ThrowIfOver();
        records.TryGetValue(call.Place.Path, out StoredEffect? stored);
        if (stored is not null)
        {
            CheckStored(call, stored, arguments);
            if (stored.Key != call.Place.Key)
            {
                call.KeepKey(stored.Key);
                log.Given(stored.Key);
            }
            if (stored.Result is { } known)
            {
                span?.SetTag(AttributeNames.Outcome, "recorded");
                return await ReadAsync(call, known, stored, type, options).ConfigureAwait(false);
            }
        }
        bool hasIntent = stored is not null;
        if (hasIntent && options.Interrupted.HasIntent)
        {
            Probed<T> said = options.Interrupted.ProbeOf<T>() is { } probe
                ? await (probe(call.Place.Key, token) ?? throw NullTask("probe", call)).ConfigureAwait(false)
                : Probed.Unknown;
            Calls.ThrowIfOver();
            span?.SetTag(AttributeNames.Outcome, said.HasHappened switch { true => "probed", false => "called", null => "asked" });
            switch (said.HasHappened)
            {
                case true: return await RecordAsync(call, arguments, stored!.BegunAt, said.Result!, type).ConfigureAwait(false);
                case null:
                    throw Asked(call, stored!, type, options);
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

    private async Task<T> CallAsync<T>(EffectCall call, Func<string, CancellationToken, Task<T>> make, bool hasIntent, CancellationToken token)
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
            EffectCalls.Enter(call);
            return await (make(call.Place.Key, token) ?? throw NullTask("call", call)).ConfigureAwait(false);
        }
        catch (Exception) when (hasIntent && Calls.IsLive)
        {
            await RemoveAsync(call).ConfigureAwait(false);
            throw;
        }
        catch (Exception) when (hasIntent)
        {
            Calls.LeaveUnknown(call);
            throw;
        }
        finally
        {
            call.IsOver = true;
        }
    }

    private async Task<T> RecordAsync<T>(EffectCall call, byte[]? arguments, long begun, T result, JsonTypeInfo<T> type)
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
            throw Calls.End(Never(FailReasons.EffectUnrecordable, $"The result of {Told(call)} does not come back from JSON: {e.Message}", e));
        }
        await SaveAsync(call, new(call.Place, arguments, begun, json)).ConfigureAwait(false);
        return read;
    }

    private async Task SaveAsync(EffectCall call, EffectRecord record)
    {
        bool isHeld;
        try
        {
            isHeld = await CommitFaults.UntilSavedAsync(step, runtime.Log, () => log.SaveAsync(record)).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            bool isUncharged = step.IsLost || e is ObjectDisposedException; // Else it would be called again and again.
            throw Calls.End(new StepOverException($"{Told(call)} could not be recorded: {e.Message}", e) { IsUncharged = isUncharged });
        }
        if (!isHeld) throw Lost(call);
    }

    private async Task RemoveAsync(EffectCall call)
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

    private StepOverException Lost(EffectCall call)
    {
        step.Cancel(CancellationReason.LeaseLost);
        return Calls.End(new StepOverException($"{Told(call)} could not be recorded: the lease is lost.") { IsUncharged = true });
    }

    private StepOverException Never(string reason, string message, Exception? error = null) =>
        new(message, error) { Final = new(lease.Item.Id, reason) };

    /// <summary>What is refused here would be refused in every try.</summary>
    private EffectCall Begin<T>(string name, EffectOptions options)
    {
        try
        {
            EffectQuestion.Check<T>(options);
            return Calls.Begin(name, options.Interrupted.HasIntent);
        }
        catch (InvalidInputException e)
        {
            e.Final = Final;
            throw;
        }
    }

    private Task<Dictionary<string, StoredEffect>> Recorded()
    {
        lock (gate) return recorded ??= LoadAsync();
    }

    private async Task<Dictionary<string, StoredEffect>> LoadAsync() =>
        (await log.LoadAsync().ConfigureAwait(false)).ToDictionary(each => each.Path, StringComparer.Ordinal);

    private void CheckStored(EffectCall call, StoredEffect stored, byte[]? arguments)
    {
        if (!stored.IsWhole) throw Calls.End(Never(FailReasons.CorruptEffect, Damage.OfEffect(lease.Item.Id, call.Place.Path)));
        if (Same(stored.Arguments, arguments)) return;
        throw Calls.End(Never(
            FailReasons.EffectMismatch,
            $"{Told(call)} was made with other arguments than are recorded: {Shown(arguments)} instead of {Shown(stored.Arguments)}. Let each try of a step " +
            $"make the same calls, or retry it without what was recorded (fresh)."));
    }

    /// <summary>Where one of them has none there is nothing to compare.</summary>
    private static bool Same(byte[]? one, byte[]? other) =>
        one is null || other is null || one.AsSpan().SequenceEqual(other) || JsonElement.DeepEquals(JsonText.Parse(one), JsonText.Parse(other));

    private static string Shown(byte[]? arguments) => arguments is null ? "none" : ShortText.Cut(Encoding.UTF8.GetString(arguments), 200);

    /// <summary>What a person has said, and cannot be read, is asked again.</summary>
    private async Task<T> ReadAsync<T>(EffectCall call, byte[] json, StoredEffect stored, JsonTypeInfo<T> type, EffectOptions options)
    {
        string wrong;
        try
        {
            return JsonSerializer.Deserialize(json, type)!;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            wrong = $"cannot be read as {TypeNames.Of(typeof(T))}: {e.Message}";
            if (!stored.IsTold) throw Calls.End(Never(FailReasons.EffectMismatch, $"The recorded result of {Told(call)} {wrong}", e));
        }
        await SaveAsync(call, new(call.Place, stored.Arguments, stored.BegunAt, null)).ConfigureAwait(false);
        throw Asked(call, stored, type, options, $"What was answered before, {Shown(json)}, {wrong}");
    }

    private StepOverException Asked<T>(EffectCall call, StoredEffect stored, JsonTypeInfo<T> type, EffectOptions options, string? before = null) =>
        Calls.End(new StepOverException(Unknown(call))
        {
            Ask = new(call.Place.Path, EffectQuestion.Make(call.Place, lease, options, stored, before, ResultSchema(type), runtime.Options)),
        });

    /// <summary>Judged before the call: nothing of a result may be lost.</summary>
    private JsonTypeInfo<T> TypeOf<T>(EffectCall call, Func<JsonTypeInfo<T>> typeOf)
    {
        try
        {
            return typeOf();
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            throw Calls.End(Never(FailReasons.EffectUnrecordable, $"The result of {Told(call)} could not be recorded: {e.Message}", e));
        }
    }

    private byte[]? ArgumentsOf(EffectCall call, EffectOptions options)
    {
        if (options.Arguments is not { } arguments) return null;
        return Checked(call, FailReasons.InvalidStep, () =>
            JsonText.Serialize("Arguments", arguments, runtime.Options.Json, runtime.Options.MaxJsonBytes, objectOnly: false));
    }

    private byte[] Checked(EffectCall call, string reason, Func<byte[]> write)
    {
        try
        {
            return write();
        }
        catch (InvalidInputException e)
        {
            throw Calls.End(Never(reason, $"{Told(call)}: {e.Message}", e));
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

    private string Unknown(EffectCall call) => $"it is not known whether {Told(call)} has happened; a person is asked.";

    private string Told(EffectCall call) => $"effect \"{call.Place.Path}\" of work item {lease.Item.Id} at version {lease.Version}";

    private InvalidInputException NullTask(string what, EffectCall call) => new(what, $"of {Told(call)} returned a null task; return one.") { Final = Final };
}
