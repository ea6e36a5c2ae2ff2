using System.Xml.Linq;

namespace Roost.Tests.Support;

/// <summary>The files that this build was made from.</summary>
internal static class SourceTree
{
    private static readonly string Root = FindRoot();

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>That of all packages.</summary>
    public static string Version => XDocument.Load(PathOf("Directory.Build.props")).Descendants("Version").Single().Value;

    private static string FindRoot()
    {
        string? folder = TestContext.CurrentContext.TestDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Roost.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException("No folder above the tests holds Roost.sln.");
    }
}
