using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Roost.Tests.Support;

namespace Roost.Tests.Packages;

/// <summary>The package of the command, made and installed as a user does it, without any other source.</summary>
[TestFixture]
internal sealed class ToolPackageTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private TemporaryFolder folder = null!;
    private string package = "";

    [OneTimeSetUp]
    public async Task Pack()
    {
        folder = new();
        string configuration = typeof(ToolPackageTests).Assembly.Location.Contains(
            $"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}",
            StringComparison.Ordinal
        )
            ? "Release"
            : "Debug";
        string[] without = ["--no-build", "-p:RuntimeIdentifiers="]; // What each system gets of its own takes minutes: PackageTests.
        (await RunAsync("dotnet", ["pack", ProjectOf(), .. without, "--configuration", configuration, "--output", folder["packages"]])).Ends(0);
        package = Directory.GetFiles(folder["packages"], "*.nupkg").Single();
    }

    [OneTimeTearDown]
    public void TearDown() => folder.Dispose();

    [Test]
    public async Task It_is_installed_and_runs_work()
    {
        await File.WriteAllTextAsync(
            folder["nuget.config"],
            """<configuration><packageSources><clear /><add key="local" value="packages" /></packageSources></configuration>"""
        );
        (await RunAsync("dotnet", "tool", "install", "Roost.Cli", "--tool-path", folder["tools"], "--configfile", folder["nuget.config"])).Ends(0);
        string roost = folder[Path.Combine("tools", OperatingSystem.IsWindows() ? "roost.exe" : "roost")];

        (await RunAsync(roost, "--version")).Ends(0).Output.Should().MatchRegex(@"^\d+\.\d+\.\d+");
        string id = (await RunAsync(roost, "enqueue", "--engine", "demo")).Ends(0).Word;
        (await RunAsync(roost, "worker", "--until-idle")).Ends(0);
        (await RunAsync(roost, "status", id, "--json")).Ends(0).Json.GetProperty("state").GetString().Should().Be("done");
    }

    [Test]
    public async Task It_says_what_it_is()
    {
        await using ZipArchive archive = await ZipFile.OpenReadAsync(package);
        await using Stream content = await archive.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).OpenAsync();
        XElement metadata = (await XDocument.LoadAsync(content, LoadOptions.None, CancellationToken.None)).Root!.Elements().Single();

        Value("id").Should().Be("Roost.Cli");
        Value("license").Should().Be("MIT");
        Value("readme").Should().Be("README.md");
        Value("description").Should().Contain("SQLite");
        Value("tags").Should().NotBeNullOrEmpty();
        Value("authors").Should().NotBeNullOrEmpty();
        metadata.Descendants().Where(each => each.Name.LocalName == "packageType").Attributes("name").Select(name => name.Value).Should().Equal("DotnetTool");
        archive.Entries.Select(entry => entry.FullName).Should().Contain(["README.md", "icon.png"]);

        string? Value(string name) => metadata.Elements().FirstOrDefault(each => each.Name.LocalName == name)?.Value;
    }

    [Test]
    public async Task It_carries_SQLite_for_desktops_and_servers_alone()
    {
        await using ZipArchive archive = await ZipFile.OpenReadAsync(package);
        string[] systems =
        [
            .. archive.Entries.Select(entry => entry.FullName.Split('/')).Where(path => path is [_, _, _, "runtimes", ..]).Select(path => path[4]).Distinct(),
        ];

        systems.Should().Contain(["linux-x64", "linux-arm64", "linux-musl-x64", "win-x64", "win-arm64", "osx-x64", "osx-arm64"]);
        systems.Should().OnlyContain(system => system.StartsWith("linux-") || system.StartsWith("win-") || system.StartsWith("osx-"));
    }

    private Task<CommandResult> RunAsync(string program, params string[] arguments) => PackageProgram.RunAsync(folder, Patience, [], program, arguments);

    private static string ProjectOf([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(here, "..", "..", "..", "Roost.Cli", "Roost.Cli.csproj"));
}
