using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Roost.AspNetCore;

/// <summary>
/// A host as browsers send and compare it: in lower case and ASCII, without the dot at its end, an IPv6 address in its shortest form and in brackets.
/// </summary>
internal static class HostName
{
    /// <summary>The host in that form; null where the text is neither a name nor an address. A port belongs to neither.</summary>
    public static string? Of(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        string name = text.EndsWith('.') ? text[..^1] : text;
        string bare = name is ['[', .., ']'] ? name[1..^1] : name;
        if (IPAddress.TryParse(bare, out IPAddress? address) && (bare == name || address.AddressFamily == AddressFamily.InterNetworkV6)) return Of(address);
        try
        {
            string ascii = new IdnMapping().GetAscii(name).ToLowerInvariant();
            return Uri.CheckHostName(ascii) == UriHostNameType.Dns ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null; // It has a letter, a length or a dot that no name has.
        }
    }

    public static string Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetwork) return address.ToString();
        return $"[{new IPAddress(address.GetAddressBytes())}]"; // Without the scope, which no browser sends.
    }

    /// <summary>Names that every system leads to itself.</summary>
    public static bool IsLoopback(string host) => host is "localhost" or "127.0.0.1" or "[::1]";

    /// <summary>Names under .localhost belong to nobody else (RFC 6761), whether this system's resolver knows them or not.</summary>
    public static bool IsUnderLocalhost(string host) => host.EndsWith(".localhost", StringComparison.Ordinal);
}
