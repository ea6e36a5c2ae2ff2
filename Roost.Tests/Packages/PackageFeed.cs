using System.IO.Compression;
using System.Xml.Linq;
using Roost.Tests.Support;

namespace Roost.Tests.Packages;

/// <summary>All packages, made as for a release, in a folder from which programs take them. What else they need comes from where this tree got it.</summary>
internal sealed class PackageFeed : IDisposable
{
    private const string Repository = "https://example.com/roost/roost";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <summary>By the folder of their project.</summary>
    public static readonly string[] Projects =
    [
        "Roost",
        "Roost.Extensions/Roost.AspNetCore",
        "Roost.Extensions/Roost.Commands",
        "Roost.Extensions/Roost.Extensions.Hosting",
        "Roost.Extensions/Roost.Testing",
        "Roost.Extensions/Roost.Templates",
        "Roost.Cli",
    ];

    private readonly TemporaryFolder folder = new();

    public string Packages => folder["packages"];

    public string this[string name] => folder[name];

    public async Task PackAsync()
    {
        await File.WriteAllTextAsync(
            folder["nuget.config"],
            $"""
            <configuration>
              <packageSources>
                <add key="roost" value="{Packages}" />
                <add key="known" value="{KnownPackages()}" />
              </packageSources>
              <packageSourceMapping>
                <packageSource key="roost"><package pattern="Roost*" /></packageSource>
                <packageSource key="known"><package pattern="*" /></packageSource>
                <packageSource key="nuget.org"><package pattern="*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """
        );
        foreach (string project in Projects)
            (await RunAsync(
                "dotnet",
                "pack",
                SourceTree.PathOf(project),
                "--configuration",
                "Release",
                "--output",
                Packages,
                "--artifacts-path",
                folder["artifacts"],
                $"-p:PrivateRepositoryUrl={Repository}",
                // The system of this machine stands for the others, whose packs are some hundred megabytes.
                $"-p:RuntimeIdentifiers=\"{System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier};any\""
            )).Ends(0);
    }

    public Task<CommandResult> RunAsync(string program, params string[] arguments) => PackageProgram.RunAsync(
        folder,
        Patience,
        new()
        {
            ["DOTNET_CLI_HOME"] = folder["home"], // Templates are installed for a user.
            ["MSBUILDDISABLENODEREUSE"] = "1",
        },
        program,
        arguments
    );

    public Task<ZipArchive> OpenAsync(string id, string kind = "nupkg") =>
        ZipFile.OpenReadAsync(Directory.GetFiles(Packages, $"{id}.*.{kind}").Single(file => char.IsAsciiDigit(Path.GetFileName(file)[id.Length + 1])));

    public static async Task<XElement> MetadataAsync(ZipArchive package)
    {
        await using Stream content = await package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).OpenAsync();
        return (await XDocument.LoadAsync(content, LoadOptions.None, CancellationToken.None)).Root!.Elements().Single();
    }

    public static async Task<string> ReadAsync(ZipArchive package, string name)
    {
        using var reader = new StreamReader(await package.GetEntry(name)!.OpenAsync());
        return await reader.ReadToEndAsync();
    }

    public void Dispose() => folder.Dispose();

    /// <summary>What this tree was restored from lies in a form that is a source as well.</summary>
    private static string KnownPackages() =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
}
