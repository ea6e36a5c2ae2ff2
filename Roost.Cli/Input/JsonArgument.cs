using System.CommandLine;
using Roost.Cli.Output;

namespace Roost.Cli.Input;

/// <summary>JSON that an option gives: as it stands there, by @file, or from stdin by -.</summary>
internal static class JsonArgument
{
    private const int MostSpace = 4; // Of what is read most may be white space, which is not stored.

    /// <summary>The JSON as text or as bytes, for whoever checks it.</summary>
    public static async Task<T> ReadAsync<T>(Call call, Option option, string given, Func<string, T> ofText, Func<ReadOnlyMemory<byte>, T> ofBytes)
    {
        using WatchedOutput.Mark mark = call.Print.Output.Blocking(); // A terminal, where nobody types.
        try
        {
            if (given == "-") return ofBytes(await ReadAsync(StandardInput.Open(), option, given, call.Stop));
            if (given.StartsWith('@')) return ofBytes(await ReadAsync(File.OpenRead(given[1..]), option, given, call.Stop));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{option.Name} {given}: {e.Message}");
        }
        if (given.Contains('\uFFFD'))
            throw new UsageException(
                $"{option.Name}: holds the character U+FFFD, which stands for bytes that are no UTF-8: the terminal or script seems to use another " +
                $"encoding. Use UTF-8, or give it as a file (@file)."
            );
        return ofText(given);
    }

    /// <summary>What can only be too large is refused before it fills the memory.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream from, Option option, string text, CancellationToken stop)
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
                    $"{option.Name} {text}: is more than {MostSpace * most:N0} bytes; at most {most:N0} bytes are stored. Store large content as an " +
                    $"artifact, or as a file whose name the payload holds."
                );
        }
        return read.GetBuffer().AsMemory(0, (int)read.Length);
    }
}
