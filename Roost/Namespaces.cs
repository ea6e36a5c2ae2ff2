namespace Roost;

/// <summary>Gives each tenant, project or environment a Roost file of its own below one root folder.</summary>
/// <remarks>
/// Two different names never share a file, on file systems that ignore case neither, and one name always has the same file.
/// Nothing here touches the disk.
/// </remarks>
public static class Namespaces
{
    /// <summary>Turns a name into one safe file-name component without an extension.</summary>
    /// <param name="name">
    /// Any text of 1 to 256 characters that is not blank and holds no control characters and no lone surrogates.
    /// Case, spaces and separators count: <c>Acme</c> and <c>acme</c> are two namespaces.
    /// </param>
    /// <returns>
    /// The name itself when it has at most 100 characters, all of them <c>a-z</c>, <c>0-9</c>, <c>_</c> or <c>-</c>, and no special meaning
    /// (a Windows device such as <c>con</c>, a first <c>-</c>); else a readable form of it and a hash: <c>acme/project 1</c> becomes
    /// <c>acme-project-1-</c> and 20 hexadecimal digits.
    /// </returns>
    /// <exception cref="InvalidInputException">The name is blank, too long, or holds a control character or a lone surrogate.</exception>
    public static string Normalize(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Names.Check("name", name);
        return SafeName.Keep(name);
    }

    /// <summary>Returns the full path of the Roost file of a namespace: <c>&lt;root&gt;/&lt;normalized name&gt;.db</c>. Nothing is created.</summary>
    /// <param name="root">The folder that holds the files, relative to the current folder or absolute.</param>
    /// <param name="name">The namespace, as for <see cref="Normalize"/>.</param>
    /// <exception cref="InvalidInputException">The name breaks a rule of <see cref="Normalize"/>, or the root is blank.</exception>
    public static string PathFor(string root, string name)
    {
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(name);
        return PathFor(root, name, "root", "name");
    }

    /// <summary>The same for whoever was given the two under other names.</summary>
    internal static string PathFor(string root, string name, string rootField, string nameField)
    {
        Names.Check(nameField, name);
        if (string.IsNullOrWhiteSpace(root) || root.Contains('\0', StringComparison.Ordinal))
            throw new InvalidInputException(rootField, "is empty or has a NUL character; give the folder that holds the files.");
        return SafeName.Under(root, $"{SafeName.Keep(name)}.db");
    }
}
