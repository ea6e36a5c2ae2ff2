namespace Roost.Storage;

/// <summary>Times as they are stored: whole UTC milliseconds.</summary>
internal static class StoredTime
{
    public static DateTimeOffset Read(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static DateTimeOffset? Read(long? milliseconds) => milliseconds is { } value ? Read(value) : null;
}
