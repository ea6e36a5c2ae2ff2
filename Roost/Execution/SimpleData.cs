using System.Collections;
using System.Collections.ObjectModel;
using System.Globalization;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>The simple values of an exception's <see cref="Exception.Data"/>, as text. An engine's own exception may throw when it is asked for them.</summary>
internal static class SimpleData
{
    private const int MostValues = 32, MostLooked = 1_000, MostKey = 100, MostValue = 1_000;

    public static IReadOnlyDictionary<string, string?> None => ReadOnlyDictionary<string, string?>.Empty;

    public static IReadOnlyDictionary<string, string?> Of(Exception exception)
    {
        var found = new Dictionary<string, string?>();
        try
        {
            IDictionaryEnumerator? all = exception.Data?.GetEnumerator();
            for (int looked = 0; looked < MostLooked && found.Count < MostValues && all?.MoveNext() == true; looked++)
                if (IsSimple(all.Key, out string? key) && key is not null && IsSimple(all.Value, out string? value))
                    found[FailureText.Cut(key, MostKey)!] = FailureText.Cut(value, MostValue);
        }
        catch (Exception e)
        {
            found["(asking for it threw)"] = e.GetType().FullName;
        }
        return found.Count == 0 ? None : found;
    }

    /// <summary>Types whose text is made by no code of the engine's.</summary>
    private static bool IsSimple(object? value, out string? text)
    {
        (bool isSimple, text) = value switch
        {
            null => (true, null),
            string words => (true, words),
            bool yes => (true, yes ? "true" : "false"),
            Uri address => (true, address.OriginalString),
            DateTime time => (true, time.ToString("O", CultureInfo.InvariantCulture)),
            DateTimeOffset time => (true, time.ToString("O", CultureInfo.InvariantCulture)),
            char or sbyte or byte or short or ushort or int or uint or long or ulong or nint or nuint or Int128 or UInt128
                or Half or float or double or decimal
                or Guid or TimeSpan or DateOnly or TimeOnly or Version or Enum =>
                (true, Convert.ToString(value, CultureInfo.InvariantCulture)),
            _ => (false, (string?)null),
        };
        return isSimple;
    }
}
