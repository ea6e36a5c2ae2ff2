using System.Security.Cryptography;

namespace Roost.Stores;

/// <summary>How damage is found by a SHA-256, and what is said of it.</summary>
internal static class Damage
{
    /// <summary>What a person can do about a version that is damaged or missing.</summary>
    public const string Advice = "Restore a backup, or enqueue the work anew.";

    /// <summary>Whether stored bytes are those that were written.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> sha256)
    {
        Span<byte> found = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(stored, found);
        return found.SequenceEqual(sha256);
    }

    public static string OfMissing(string workId, int version) => $"Version {version} of work item {workId} is missing from the file. {Advice}";

    public static string OfVersion(string workId, int version) =>
        $"Version {version} of work item {workId} does not match its SHA-256; its bytes were changed after they were written. {Advice}";

    /// <summary>A version is stored as what differs from those before it, and one of them is damaged, or it itself.</summary>
    public static string OfBase(string workId, int version, int damaged) =>
        $"Version {version} of work item {workId} is stored as what differs from the versions before it, and the bytes of version {damaged} were changed " +
        $"after they were written. {Advice}";

    public static string OfMissingBase(string workId, int version, int missing) =>
        $"Version {version} of work item {workId} is stored as what differs from the versions before it, and version {missing} is missing from the file. " +
        $"{Advice}";

    public static string OfSignal(Signal signal) =>
        $"The payload of signal \"{signal.Name}\" to work item {signal.WorkId} is not what was stored; its bytes were changed after they were " +
        $"written. {Advice}";

    public static string OfAnswer(string workId) =>
        $"The answer to work item {workId} is not what was stored; its bytes were changed after they were written. {Advice}";

    public static string OfEffect(string workId, string path) =>
        $"The recorded result of effect \"{path}\" of work item {workId} is not what was stored; its bytes were changed after they were written. {Advice}";

    public static string OfPayload(string workId) =>
        $"The payload of work item {workId} is not what was stored; its bytes were changed after they were written. {Advice}";
}
