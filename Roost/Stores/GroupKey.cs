using System.Globalization;

namespace Roost.Stores;

/// <summary>The key of a group of dead letters, as people see it.</summary>
internal static class GroupKey
{
    public static string NameOf(long key) => key.ToString("x16", CultureInfo.InvariantCulture);

    public static long Read(string name) =>
        name.Length == 16 && long.TryParse(name, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long key)
            ? key
            : throw new InvalidInputException(
                "Group",
                $"\"{(name.Length > 40 ? name[..40] + "…" : name)}\" is no group of dead letters; give the 16 hexadecimal digits of its key, or " +
                $"\"{DeadLetterFilter.NoGroup}\"."
            );
}
