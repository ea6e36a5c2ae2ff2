using System.Security.Cryptography;

namespace Roost.Stores;

/// <summary>A checked work item, its payload written as JSON, ready for the transaction that creates it.</summary>
internal sealed record NewWork(WorkItem Item, string Id, byte[] Payload, IReadOnlyList<string> Resources, long? DueAt)
{
    public byte[] PayloadHash { get; } = SHA256.HashData(Payload);

    /// <summary>Its id was looked up by its key, or made where nobody had the key: who gets the key meanwhile is no conflict of the caller's making.</summary>
    public bool IsIdByKey { get; init; }

    /// <summary>The item that it runs again.</summary>
    public string? From { get; init; }

    /// <summary>How long it waits from the moment at which it exists, in milliseconds; instead of a moment.</summary>
    public long? DelayMs { get; init; }

    /// <summary>Where it comes from, where that is no step.</summary>
    public string? Trace { get; set; }

    public int Bytes => Payload.Length + 256;
}

/// <summary>A child's key went to another item between the step and its commit.</summary>
internal sealed class KeyTakenException(string message) : RoostException(message);
