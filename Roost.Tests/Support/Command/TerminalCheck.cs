using System.Globalization;

namespace Roost.Tests.Support;

/// <summary>Finds in an output what would steer a terminal or turn a line round.</summary>
internal static class TerminalCheck
{
    /// <summary>The first few harmful characters with what stands around them; line ends and tabulators are none.</summary>
    public static IReadOnlyList<string> Steering(string output) =>
        [
            .. output
                .Select((letter, at) => (letter, at))
                .Where(each => IsSteering(each.letter))
                .Take(5)
                .Select(each =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"U+{(int)each.letter:X4} in {output.AsSpan(Math.Max(0, each.at - 20), Math.Min(40, output.Length - Math.Max(0, each.at - 20)))}"
                    )
                ),
        ];

    private static bool IsSteering(char letter) =>
        (char.IsControl(letter) && letter is not ('\n' or '\t'))
        || letter is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029' or '\u200E' or '\u200F';
}
