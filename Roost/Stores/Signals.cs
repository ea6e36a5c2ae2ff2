using System.Security.Cryptography;

namespace Roost.Stores;

/// <summary>What a step waits for, checked.</summary>
/// <param name="Signals">The names of signals, each once.</param>
/// <param name="TimeoutMs">How long at most; null where that is a moment, or for ever.</param>
/// <param name="Until">The moment at which it is over; or null.</param>
/// <param name="Ask">The question whose answer it waits for; or null.</param>
/// <param name="Children">The children whose ends it waits for; or null.</param>
internal sealed record WaitFor(IReadOnlyList<string> Signals, long? TimeoutMs, long? Until, NewAsk? Ask, ChildJoin? Children);

/// <summary>A question, checked, with its schema as JSON.</summary>
internal sealed record NewAsk(string Id, string Question, byte[] Schema, string? For, IReadOnlyList<string> Artifacts)
{
    /// <summary>The trace of the step that asks.</summary>
    public string? Trace { get; set; }
}

/// <summary>An answer that fits its question's schema, or that one is withdrawn (no value).</summary>
internal sealed class NewAnswer(byte[]? value, string by, string? comment)
{
    public byte[]? Value => value;
    public string By => by;
    public string? Comment => comment;

    /// <summary>Where it comes from.</summary>
    public string? Trace { get; set; }

    /// <summary>What it says of an effect, where the question was about one.</summary>
    public EffectVerdict? Verdict { get; init; }

    /// <summary>The effect's result as JSON, where it has happened.</summary>
    public byte[]? EffectResult { get; init; }

    public byte[] Hash { get; } = value is null ? [] : SHA256.HashData(value);

    public int Bytes => (Value?.Length ?? 0) + 512;
}

/// <summary>A signal, checked and its payload written as JSON, ready for the transaction that delivers it.</summary>
internal sealed record NewSignal(string Name, string? Id, byte[] Payload)
{
    /// <summary>Where it comes from.</summary>
    public string? Trace { get; set; }

    public byte[] Hash { get; } = SHA256.HashData(Payload);

    public int Bytes => Payload.Length + 256;
}

/// <summary>Whom a signal is for: an item by its id, or by engine and idempotency key.</summary>
internal readonly record struct SignalTarget(string? WorkId, string? Engine, string? Key)
{
    public override string ToString() => WorkId ?? $"with the idempotency key \"{Key}\" of engine \"{Engine}\"";
}

/// <summary>A signal that a step sends to another item, or to its own; it lands with the step's commit.</summary>
internal sealed record StagedSignal(string WorkId, NewSignal Signal);
