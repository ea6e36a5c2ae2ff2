using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Roost.Execution;
using Roost.Stores;
using Roost.Writing;

namespace Roost;

public sealed partial class StepContext
{
    private static readonly EffectOptions DefaultEffect = new();

    private StepEffects? effects;

    /// <summary>Why the step is over though its code may not have returned; null where it is not.</summary>
    internal StepOverException? Over => effects?.Calls.Over;

    /// <summary>Where the effects of this try are recorded. Default: in the store, under its lease.</summary>
    internal EffectLog? EffectLog { private get; set; }

    /// <summary>What its lease records in the store.</summary>
    internal EffectLog StoredEffects => step.Effects ?? new LeasedEffects(runtime.Store, lease);

    /// <summary>It has effects.</summary>
    internal bool HasEffects => effects is { Calls.IsAny: true };

    /// <summary>
    /// Makes an outside call whose result is recorded, durably, before it is returned: in a further try of this step the result is there and the call is not
    /// made again. What is returned is what reads back from JSON. Effects of different names may run at once, and one may be within another's call.
    /// </summary>
    /// <typeparam name="T">
    /// The result: anything that System.Text.Json writes and reads back by <see cref="RoostOptions.Json"/>, at most <see cref="RoostOptions.MaxJsonBytes"/>.
    /// What is too large or does not come back fails the step for good (<c>effect_unrecordable</c>).
    /// </typeparam>
    /// <param name="name">
    /// Its name, 1 to 256 characters. Several of one name are told apart by their order, and only one of them is open at a time.
    /// </param>
    /// <param name="call">
    /// The call, with the step's token. An exception out of it is the step's, nothing is recorded of it, and the next try makes the call again.
    /// </param>
    /// <param name="options">What becomes of it where it is not known whether it has happened, and what it is made with. Default: it is repeated.</param>
    /// <exception cref="InvalidInputException">The name breaks a rule, or another effect of that name is open.</exception>
    /// <exception cref="RoostException">
    /// The step is over: its lease is lost, it cannot be recorded, a person has to be asked, or it is made otherwise than a try before has recorded. Whatever
    /// the step still does is dropped.
    /// </exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    [OverloadResolutionPriority(1)]
    public Task<T> OnceAsync<T>(string name, Func<CancellationToken, Task<T>> call, EffectOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(call);
        return OnceAnyAsync(name, (_, cancellationToken) => call(cancellationToken), () => ReadTypes.Of<T>(runtime.Options.Json), options);
    }

    /// <summary>
    /// The same with a call that is given its key: the same for each try of the step, and different for every other effect, step, item and file.
    /// </summary>
    /// <inheritdoc cref="OnceAsync{T}(string, Func{CancellationToken, Task{T}}, EffectOptions?)"/>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    [OverloadResolutionPriority(1)]
    public Task<T> OnceAsync<T>(string name, Func<string, CancellationToken, Task<T>> call, EffectOptions? options = null) =>
        OnceAnyAsync(name, call, () => ReadTypes.Of<T>(runtime.Options.Json), options);

    /// <summary>The same with a result that is written and read by source-generated metadata.</summary>
    /// <inheritdoc cref="OnceAsync{T}(string, Func{CancellationToken, Task{T}}, EffectOptions?)"/>
    public Task<T> OnceAsync<T>(string name, Func<CancellationToken, Task<T>> call, JsonTypeInfo<T> type, EffectOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(call);
        return OnceAsync(name, (_, cancellationToken) => call(cancellationToken), type, options);
    }

    /// <summary>The same with a call that is given its key, and a result that is written and read by source-generated metadata.</summary>
    /// <inheritdoc cref="OnceAsync{T}(string, Func{CancellationToken, Task{T}}, EffectOptions?)"/>
    public Task<T> OnceAsync<T>(string name, Func<string, CancellationToken, Task<T>> call, JsonTypeInfo<T> type, EffectOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(type);
        return OnceAnyAsync(name, call, () => ReadTypes.Of(type), options);
    }

    /// <summary>The same without a result: that it has happened is recorded.</summary>
    /// <inheritdoc cref="OnceAsync{T}(string, Func{CancellationToken, Task{T}}, EffectOptions?)"/>
    public Task OnceAsync(string name, Func<CancellationToken, Task> call, EffectOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(call);
        return OnceAsync(name, (_, cancellationToken) => call(cancellationToken), options);
    }

    /// <summary>The same without a result, with a call that is given its key.</summary>
    /// <inheritdoc cref="OnceAsync{T}(string, Func{CancellationToken, Task{T}}, EffectOptions?)"/>
    public Task OnceAsync(string name, Func<string, CancellationToken, Task> call, EffectOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(call);
        return OnceAnyAsync(name, (key, cancellationToken) => AsNothing(call(key, cancellationToken)), static () => PlainJson.Default.Nothing, options);

        static Task<Nothing> AsNothing(Task? made)
        {
            return made is null ? null! : Await(made);

            static async Task<Nothing> Await(Task made)
            {
                await made.ConfigureAwait(false);
                return default;
            }
        }
    }

    /// <summary>
    /// The key that an effect of this name would have here, for a call whose result is not recorded: the same for each try of the step. It counts as an effect
    /// of the name: the next of that name has another key.
    /// </summary>
    /// <param name="name">1 to 256 characters.</param>
    /// <exception cref="InvalidInputException">The name breaks a rule.</exception>
    public string KeyFor(string name) => Checked(() => Effects().Calls.KeyFor(name));

    private Task<T> OnceAnyAsync<T>(
        string name, Func<string, CancellationToken, Task<T>> call, Func<JsonTypeInfo<T>> typeOf, EffectOptions? options)
    {
        ArgumentNullException.ThrowIfNull(call);
        return Effects().OnceAsync(name, call, typeOf, options ?? DefaultEffect, CancellationToken);
    }

    private StepEffects Effects()
    {
        lock (gate)
        {
            if (effects is not null) return effects;
            effects = new(runtime, step, EffectLog ?? StoredEffects);
            if (ended) effects.Calls.End();
            return effects;
        }
    }
}
