using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Roost.Writing;

namespace Roost;

/// <summary>
/// What becomes of an effect (<see cref="StepContext.OnceAsync{T}(string, Func{CancellationToken, Task{T}}, EffectOptions?)"/>) of which it is not known
/// whether it has happened: its call had begun, and the process died, the step was stopped, its time was over or its lease was lost before the call had ended.
/// </summary>
public abstract class Effect
{
    private protected Effect() { }

    /// <summary>
    /// The call is made again, with the same key: for what may be repeated, or knows a repetition by the key. Nothing is written before the call.
    /// </summary>
    public static Effect Repeat { get; } = new RepeatEffect();

    /// <summary>
    /// A person is asked, and the step is over until it is answered: that it happened, with this result; that it did not, and the call is made; or that the
    /// item is to fail. That the call begins is written before it does.
    /// </summary>
    public static Effect Ask { get; } = new AskEffect();

    /// <summary>
    /// Asks the outside whether it has happened, by the key that the call was given; where that cannot tell, a person is asked as with <see cref="Ask"/>. That
    /// the call begins is written before it does.
    /// </summary>
    /// <typeparam name="T">The effect's result.</typeparam>
    /// <param name="probe">Called with the effect's key. What it throws is a failed try, and the next asks again.</param>
    public static Effect Probe<T>(Func<string, CancellationToken, Task<Probed<T>>> probe)
    {
        ArgumentNullException.ThrowIfNull(probe);
        return new ProbeEffect<T>(probe);
    }

    /// <summary>The same of an effect without a result.</summary>
    /// <param name="probe">Called with the effect's key: true, it has happened; false, it has not; null, that cannot be told.</param>
    public static Effect Probe(Func<string, CancellationToken, Task<bool?>> probe)
    {
        ArgumentNullException.ThrowIfNull(probe);
        return new ProbeEffect<Nothing>(async (key, cancellationToken) => await probe(key, cancellationToken).ConfigureAwait(false) switch
        {
            true => Probed.Happened(default(Nothing)),
            false => Probed.DidNot,
            null => Probed.Unknown,
        });
    }

    /// <summary>What is asked where its call may have happened; null where that is nobody but the outside.</summary>
    internal virtual Func<string, CancellationToken, Task<Probed<T>>>? ProbeOf<T>() => null;

    /// <summary>That its call begins is written before it does.</summary>
    internal virtual bool HasIntent => true;

    /// <summary>It may have such a result.</summary>
    internal virtual bool Fits<T>() => true;

    private sealed class RepeatEffect : Effect
    {
        internal override bool HasIntent => false;
    }

    private sealed class AskEffect : Effect;

    private sealed class ProbeEffect<TResult>(Func<string, CancellationToken, Task<Probed<TResult>>> probe) : Effect
    {
        internal override Func<string, CancellationToken, Task<Probed<T>>>? ProbeOf<T>() => (Func<string, CancellationToken, Task<Probed<T>>>)(object)probe;

        internal override bool Fits<T>() => typeof(T) == typeof(TResult);
    }
}

/// <summary>What the outside says of an effect (<see cref="Effect.Probe{T}"/>).</summary>
public readonly struct Probed
{
    private Probed(bool? happened) => HasHappened = happened;

    /// <summary>It has not happened: the call is made.</summary>
    public static Probed DidNot { get; } = new(false);

    /// <summary>That cannot be told: a person is asked.</summary>
    public static Probed Unknown => default;

    internal bool? HasHappened { get; }

    /// <summary>It has happened: this is recorded as its result, and the call is not made.</summary>
    public static Probed<T> Happened<T>(T result) => new(true, result);
}

/// <summary>The same, with the result where it has happened.</summary>
/// <typeparam name="T">The effect's result.</typeparam>
public readonly struct Probed<T>
{
    internal Probed(bool? happened, T? result) => (HasHappened, Result) = (happened, result);

    internal bool? HasHappened { get; }

    internal T? Result { get; }

    /// <summary>It has not happened, or that cannot be told.</summary>
    public static implicit operator Probed<T>(Probed said) => new(said.HasHappened, default);
}

/// <summary>How an effect is made.</summary>
public sealed record EffectOptions
{
    /// <summary>What becomes of it where it is not known whether it has happened. Default: <see cref="Effect.Repeat"/>.</summary>
    public Effect Interrupted { get; init; } = Effect.Repeat;

    /// <summary>
    /// What the call is made with: anything that serializes to JSON by <see cref="RoostOptions.Json"/>, at most <see cref="RoostOptions.MaxJsonBytes"/>. It is
    /// kept with the record and shown to who is asked, and a try that comes with other arguments than are recorded is final (<c>effect_mismatch</c>). Default:
    /// none. Where the record or the try has none nothing is compared.
    /// </summary>
    public object? Arguments
    {
        get;
        [RequiresUnreferencedCode(Reflective.Value), RequiresDynamicCode(Reflective.Value)]
        init;
    }

    /// <summary>
    /// What a person who is asked should know, in Markdown: at most 10,000 characters. The effect's name, key and arguments are shown with it. Default:
    /// nothing.
    /// </summary>
    public string? Question { get; init; }

    /// <summary>Whom a question about it is for: a name by which people pick their questions, 1 to 256 characters. Default: anybody.</summary>
    public string? For { get; init; }

    /// <summary>The same with these <see cref="Arguments"/>, written at once by source-generated metadata.</summary>
    /// <param name="arguments">What the call is made with.</param>
    /// <param name="type">How it is written, such as <c>Context.Default.Payment</c>.</param>
    /// <exception cref="InvalidInputException">It cannot be written.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "What is given is JSON already.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "What is given is JSON already.")]
    public EffectOptions WithArguments<T>(T arguments, JsonTypeInfo<T> type)
    {
        ArgumentNullException.ThrowIfNull(type);
        return this with { Arguments = JsonText.Element("arguments", arguments, type, objectOnly: false) };
    }
}

/// <summary>What is known of an effect.</summary>
public enum EffectState
{
    /// <summary>Its call has begun, and its step runs.</summary>
    Running,

    /// <summary>Its call had begun, and it is not known whether it has happened.</summary>
    Unknown,

    /// <summary>Its result is recorded.</summary>
    Recorded,
}

/// <summary>An effect of a step, as it is recorded.</summary>
public sealed record EffectInfo
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Which of those that have its name there it is, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>The names of the effects that it is within and its own, with their numbers from the second on: <c>order/pay#2</c>.</summary>
    public required string Path { get; init; }

    /// <summary>The version from which its step was made.</summary>
    public required int Version { get; init; }

    /// <summary>The key that its call was given.</summary>
    public required string Key { get; init; }

    /// <summary>What its call was made with; null where it did not say.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>What is known of it.</summary>
    public required EffectState State { get; init; }

    /// <summary>Its result, <c>null</c> of one that has none; null while none is recorded.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>When its call began; of one that a person or a probe has told of, that of the try before.</summary>
    public required DateTimeOffset BegunAt { get; init; }

    /// <summary>When its result was recorded.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Who has said that it has happened, where a person was asked; else null.</summary>
    public string? ToldBy { get; init; }
}
