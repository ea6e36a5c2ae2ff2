using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Roost.Tests.Support;

namespace Roost.Tests.Packages;

/// <summary>The packages as a stranger finds and uses them.</summary>
[TestFixture]
[Category("Packages")]
internal sealed partial class PackageTests
{
    private const string Asked = "ROOST_PACK", Ids = "Roost,Roost.AspNetCore,Roost.Commands,Roost.Extensions.Hosting,Roost.Testing,Roost.Templates,Roost.Cli";

    private PackageFeed feed = null!;

    [OneTimeSetUp]
    public async Task Pack()
    {
        if (Environment.GetEnvironmentVariable(Asked) != "1") Assert.Ignore($"It takes minutes; {Asked}=1 asks for it, as .ci/run does.");
        feed = new();
        await feed.PackAsync();
        (await feed.RunAsync("dotnet", "new", "install", Directory.GetFiles(feed.Packages, "Roost.Templates.*.nupkg").Single())).Ends(0);
    }

    [OneTimeTearDown]
    public void TearDown() => feed?.Dispose();

    [TestCaseSource(nameof(EveryId))]
    public async Task It_says_what_it_is(string id)
    {
        await using ZipArchive package = await feed.OpenAsync(id);
        XElement metadata = await PackageFeed.MetadataAsync(package);

        Value("id").Should().Be(id);
        Value("license").Should().Be("MIT");
        Value("authors").Should().NotBeNullOrEmpty();
        Value("description").Should().NotBeNullOrEmpty().And.NotBe("Package Description");
        Value("tags").Should().Contain("agents");
        Value("icon").Should().Be("icon.png");
        Value("readme").Should().Be("README.md");
        Value("version").Should().Be(VersionOfAll());
        metadata.Elements().Single(each => each.Name.LocalName == "repository").Attribute("url")!.Value.Should().StartWith("https://");
        package.Entries.Select(entry => entry.FullName).Should().Contain(["icon.png", "README.md"]);
        string readme = await PackageFeed.ReadAsync(package, "README.md");
        Links().Matches(readme).Select(link => link.Groups[1].Value).Should().OnlyContain(link => link.StartsWith("https://") || link.StartsWith('#'));

        string? Value(string name) => metadata.Elements().FirstOrDefault(each => each.Name.LocalName == name)?.Value;
    }

    [TestCase("Roost", "Dapper.AOT,Microsoft.Data.Sqlite,Microsoft.Extensions.Logging.Abstractions")]
    [TestCase("Roost.AspNetCore", "Markdig,Roost")]
    [TestCase("Roost.Commands", "Roost.AspNetCore,Spectre.Console,System.CommandLine")]
    [TestCase("Roost.Testing", "Microsoft.Extensions.TimeProvider.Testing,Roost")]
    public async Task It_brings_along_what_it_needs_and_no_more(string id, string dependencies)
    {
        await using ZipArchive package = await feed.OpenAsync(id);
        XElement[] needed = [.. (await PackageFeed.MetadataAsync(package)).Descendants().Where(each => each.Name.LocalName == "dependency")];

        needed.Select(each => each.Attribute("id")!.Value).Should().BeEquivalentTo(dependencies.Split(','));
        needed.Where(each => each.Attribute("id")!.Value.StartsWith("Roost", StringComparison.Ordinal)).Select(each => each.Attribute("version")!.Value)
            .Except([$"[{VersionOfAll()}]"]).Should().BeEmpty("they use each other's internals");
    }

    [TestCase("Roost")]
    [TestCase("Roost.AspNetCore")]
    [TestCase("Roost.Commands")]
    [TestCase("Roost.Extensions.Hosting")]
    [TestCase("Roost.Testing")]
    public async Task It_documents_what_is_public_alone_and_leads_a_debugger_to_the_sources(string id)
    {
        await using ZipArchive package = await feed.OpenAsync(id), symbols = await feed.OpenAsync(id, "snupkg");
        Type[] types = [.. Load(id).GetExportedTypes()];
        string[] names = [.. types.Select(type => type.FullName!.Replace('+', '.'))];
        var documentation = XDocument.Parse(await PackageFeed.ReadAsync(package, $"lib/net10.0/{id}.xml"));

        string[] members = [.. documentation.Descendants("member").Select(member => member.Attribute("name")!.Value)];

        members.Should().NotBeEmpty();
        members.Where(member => member.StartsWith("T:", StringComparison.Ordinal)).Should().OnlyContain(member => names.Contains(member.Substring(2)));
        members.Should().OnlyContain(member => names.Any(name => member.Substring(2) == name || member.Substring(2).StartsWith(name + ".")));
        symbols.Entries.Should().Contain(entry => entry.FullName == $"lib/net10.0/{id}.pdb");
        string pdb = await PackageFeed.ReadAsync(symbols, $"lib/net10.0/{id}.pdb");
        pdb.Should().NotContain(SourceTree.PathOf("Roost"), "the paths of whoever packs are nobody's business");
    }

    [Test]
    public async Task A_program_takes_the_library_and_runs()
    {
        Directory.CreateDirectory(feed["program"]);
        await File.WriteAllTextAsync(
            feed["program/Program.cs"],
            """
            using Roost;

            await using var roost = new RoostRuntime("roost.db").AddEngine(new Hello());
            string id = await roost.EnqueueAsync(new WorkItem("hello", new { name = "you" }));
            WorkSummary done = await roost.RunUntilDoneAsync(id);
            System.Console.WriteLine($"{done.State} at version {done.Version}");

            sealed class Hello : Engine<int>
            {
                public override string EngineId => "hello";
                protected override int Init(WorkItem item) => 0;
                protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(state < 2 ? Continue(state + 1) : Done(state));
            }
            """
        );
        await File.WriteAllTextAsync(feed["program/program.csproj"], Project("<OutputType>Exe</OutputType>", ("Roost", VersionOfAll())));

        (await feed.RunAsync("dotnet", "run", "--project", feed["program"])).Ends(0).Word.Should().Be("Done at version 4");
    }

    [TestCase("xunit")]
    [TestCase("mstest")]
    public async Task The_kit_for_tests_works_with_any_framework(string framework)
    {
        string name = $"{framework}-tests";
        Directory.CreateDirectory(feed[name]);
        bool isXunit = framework == "xunit";
        string usings = isXunit ? "using Xunit;" : "using Microsoft.VisualStudio.TestTools.UnitTesting;", attributes = isXunit ? "[Fact]" : "[TestMethod]";
        (string, string)[] packages = isXunit
            ? [("xunit", "2.9.3"), ("xunit.runner.visualstudio", "4.0.1")]
            : [("MSTest.TestFramework", "4.5.2"), ("MSTest.TestAdapter", "4.5.2")];
        await File.WriteAllTextAsync(
            feed[$"{name}/Tests.cs"],
            $$"""
            using Roost;
            using Roost.Testing;
            {{usings}}

            {{(isXunit ? "" : "[TestClass]")}}
            public class Tests
            {
                {{attributes}}
                public Task A_good_engine_passes() => EngineVerifier.VerifyAsync(() => new Counter(), new WorkItem("counter"));

                {{attributes}}
                public async Task An_engine_that_keeps_its_state_to_itself_is_found()
                {
                    VerificationReport report = await EngineVerifier.CheckAsync(() => new Forgetful(), new WorkItem("forgetful"));
                    Assert.{{(isXunit ? "NotEmpty(report.Findings)" : "AreNotEqual(0, report.Findings.Count)")}};
                }
            }

            sealed class Counter : Engine<int>
            {
                public override string EngineId => "counter";
                protected override int Init(WorkItem item) => 0;
                protected override Task<Outcome> StepAsync(int state, StepContext context) => Task.FromResult(state < 3 ? Continue(state + 1) : Done(state));
            }

            sealed class Forgetful : Engine<int>
            {
                private int seen;
                public override string EngineId => "forgetful";
                protected override int Init(WorkItem item) => 0;
                protected override async Task<Outcome> StepAsync(int state, StepContext context)
                {
                    await Task.Yield();
                    return state < 5 ? Continue(state + 1 + seen++) : Done(state);
                }
            }
            """
        );
        await File.WriteAllTextAsync(
            feed[$"{name}/{name}.csproj"],
            Project("<IsTestProject>true</IsTestProject>", [("Roost.Testing", VersionOfAll()), ("Microsoft.NET.Test.Sdk", "18.11.0"), .. packages])
        );

        CommandResult restored = await feed.RunAsync("dotnet", "restore", feed[name]);
        if (restored.ExitCode != 0 && restored.Output.Contains("NU1", StringComparison.Ordinal))
            Assert.Ignore($"{framework} could not be restored: {restored.Output}");
        (await feed.RunAsync("dotnet", "test", feed[name])).Ends(0).Output.Should().MatchRegex(@"Passed:\s+2");
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_worker_made_from_the_template_builds_and_its_tests_pass(bool withTests)
    {
        string name = withTests ? "tested-worker" : "plain-worker";
        (await feed.RunAsync("dotnet", ["new", "roost-worker", "-o", name, .. withTests ? (string[])["--tests"] : []])).Ends(0);

        (await feed.RunAsync("dotnet", "build", name, "-warnaserror")).Ends(0);
        Directory.Exists(feed[Path.Combine(name, "tests")]).Should().Be(withTests);
        if (withTests) (await feed.RunAsync("dotnet", "test", feed[Path.Combine(name, "tests")])).Ends(0).Output.Should().MatchRegex(@"Passed:\s+2");
    }

    [Test]
    public async Task The_command_is_installed_as_a_tool_compiled_for_its_system()
    {
        (await feed.RunAsync("dotnet", "tool", "install", "Roost.Cli", "--tool-path", feed["tools"], "--configfile", feed["nuget.config"])).Ends(0);
        string roost = feed[Path.Combine("tools", OperatingSystem.IsWindows() ? "roost.exe" : "roost")];

        string id = (await feed.RunAsync(roost, "enqueue", "--engine", "demo")).Ends(0).Word;
        (await feed.RunAsync(roost, "worker", "--until-idle")).Ends(0);
        (await feed.RunAsync(roost, "status", id, "--json")).Ends(0).Json.GetProperty("state").GetString().Should().Be("done");
        string[] natives = Directory.GetFiles(feed["tools"], "*e_sqlite3*", SearchOption.AllDirectories);
        natives.Should().NotContain(file => Path.GetFileName(file) == "libe_sqlite3.dylib" && OperatingSystem.IsLinux());
        natives.Count(file => Path.GetExtension(file) is ".so" or ".dylib" || Path.GetFileName(file) == "e_sqlite3.dll").Should().Be(1);
    }

    private static string[] EveryId() => Ids.Split(',');

    private static string VersionOfAll() => SourceTree.Version;

    private static System.Reflection.Assembly Load(string id) => System.Reflection.Assembly.Load(id);

    private static string Project(string properties, params (string Id, string Version)[] packages) =>
        $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
            <ImplicitUsings>enable</ImplicitUsings>
            {properties}
          </PropertyGroup>
          <ItemGroup>
            {string.Concat(packages.Select(each => $"""<PackageReference Include="{each.Id}" Version="{each.Version}" />"""))}
          </ItemGroup>
        </Project>
        """;

    [GeneratedRegex(@"\]\(([^)\s]+)")]
    private static partial Regex Links();
}
