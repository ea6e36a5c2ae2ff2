using System.CommandLine;
using System.Text.Json;
using Roost.Commands.Output;

namespace Roost.Commands.Input;

/// <summary>JSON as a person gives it: typed, in a file (@file) or piped in (-).</summary>
internal static class GivenJson
{
    private const int MostSpace = 4; // Of what is read most may be white space, which is not stored.

    /// <summary>What a file or the input holds; null where the text itself is the JSON.</summary>
    /// <param name="call">The verb at hand.</param>
    /// <param name="name">The option or argument, for messages.</param>
    /// <param name="text">As it was given.</param>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(Call call, string name, string text)
    {
        using WatchedOutput.Mark mark = call.Print.Output.Blocking(); // A terminal, where nobody types.
        try
        {
            if (text == "-") return await ReadAsync(StandardInput.Open(), name, text, call.Stop);
            if (text.StartsWith('@')) return await ReadAsync(File.OpenRead(text[1..]), name, text, call.Stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{name} {text}: {e.Message}");
        }
        if (text.Contains('\uFFFD'))
            throw new UsageException(
                $"{name}: holds the character U+FFFD, which stands for bytes that are no UTF-8: the terminal or script seems to use another encoding. " +
                $"Use UTF-8, or give the {name.TrimStart('-')} as a file (@file)."
            );
        return null;
    }

    /// <summary>The JSON of an option, made into something by what is text or by what is bytes.</summary>
    public static async Task<T> ReadAsync<T>(Call call, Option option, string given, Func<string, T> ofText, Func<ReadOnlyMemory<byte>, T> ofBytes) =>
        await ReadAsync(call, option.Name, given) is { } read ? ofBytes(read) : ofText(given);

    /// <summary>JSON of any kind, from wherever it is; no key stands twice in it.</summary>
    public static async Task<JsonElement> ParseAsync(Call call, string name, string text) =>
        await ReadAsync(call, name, text) is { } read ? TypedJson.Parse(name, read) : TypedJson.Parse(name, text);

    /// <summary>What can only be too large is refused before it fills the memory.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream from, string name, string text, CancellationToken stop)
    {
        await using Stream opened = from;
        int most = new RoostOptions().MaxJsonBytes;
        var read = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        while (await opened.ReadAsync(buffer, stop) is var n and > 0)
        {
            read.Write(buffer, 0, n);
            if (read.Length > (long)MostSpace * most)
                throw new UsageException(
                    $"{name} {text}: is more than {MostSpace * most:N0} bytes; at most {most:N0} bytes are stored. Store large content as an artifact, " +
                    $"or as a file whose name the payload holds."
                );
        }
        return read.GetBuffer().AsMemory(0, (int)read.Length);
    }
}
