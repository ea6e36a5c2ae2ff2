using System.Diagnostics;
using System.Runtime.InteropServices;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>
/// One program, published in both ways that remove what nothing names: the whole library is looked at without a warning, and what the program stores it reads
/// back.
/// </summary>
[TestFixture]
[Category("Published")]
internal sealed class PublishedTests
{
    private const string Asked = "ROOST_PUBLISH";

    [TestCase("PublishTrimmed")]
    [TestCase("PublishAot")]
    public async Task A_published_program_reads_what_it_has_stored(string how)
    {
        if (Environment.GetEnvironmentVariable(Asked) != "1")
            Assert.Ignore($"It takes minutes; {Asked}=1 asks for it, as .ci/run does.");
        if (how == "PublishAot" && OperatingSystem.IsLinux() && !Programs.IsOnPath("clang") && !Programs.IsOnPath("gcc"))
            Assert.Ignore("Neither clang nor gcc is on the PATH, to link what was compiled ahead of time.");
        using var folder = new TemporaryFolder();
        string project = SourceTree.PathOf("Roost.Tests", "Published", "Published.csproj"),
            artifacts = Path.Combine(folder.Root, "artifacts"),
            published = Path.Combine(folder.Root, "published");
        string[] same =
        [
            project,
            "--artifacts-path",
            artifacts,
            "--runtime",
            RuntimeInformation.RuntimeIdentifier,
            $"-p:{how}=true",
            "-p:SelfContained=true",
            "-v",
            "quiet",
        ];

        (int exitCode, string output) = await RunAsync("dotnet", ["restore", .. same]);
        if (exitCode != 0) Assert.Ignore($"The packs that {how} needs could not be restored: {output}");
        (exitCode, output) = await RunAsync("dotnet", ["publish", "--no-restore", "--configuration", "Release", "--output", published, .. same]);
        exitCode.Should().Be(0, output);

        (exitCode, output) = await RunAsync(Path.Combine(published, OperatingSystem.IsWindows() ? "Published.exe" : "Published"), []);
        exitCode.Should().Be(0, output);
        output.Should().Contain(how == "PublishAot" ? "compiled ahead of time" : "trimmed program");
        File.Exists(Path.Combine(published, "Roost.dll")).Should().Be(how == "PublishTrimmed");
    }

    /// <summary>What a system cannot show here is whether it runs there.</summary>
    [TestCase("win-x64", "e_sqlite3.dll")]
    [TestCase("osx-arm64", "libe_sqlite3.dylib")]
    [TestCase("linux-arm64", "libe_sqlite3.so")]
    [TestCase("linux-musl-x64", "libe_sqlite3.so")]
    public async Task A_program_is_published_for_another_system_with_the_SQLite_of_that(string system, string native)
    {
        if (Environment.GetEnvironmentVariable(Asked) != "1")
            Assert.Ignore($"It takes minutes; {Asked}=1 asks for it, as .ci/run does.");
        using var folder = new TemporaryFolder();
        string published = Path.Combine(folder.Root, "published");

        (int exitCode, string output) = await RunAsync(
            "dotnet",
            [
                "publish",
                SourceTree.PathOf("Roost.Tests", "Published", "Published.csproj"),
                "--artifacts-path",
                Path.Combine(folder.Root, "artifacts"),
                "--runtime",
                system,
                "--self-contained",
                "false",
                "-p:UseAppHost=false",
                "-v",
                "quiet",
                "--output",
                published,
            ]
        );

        exitCode.Should().Be(0, output);
        Directory.GetFiles(published, "*e_sqlite3.*").Select(Path.GetFileName).Except(["SQLitePCLRaw.provider.e_sqlite3.dll"]).Should().Equal(native);
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["MSBUILDDISABLENODEREUSE"] = "1" },
            }
        )!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(),
            error = process.StandardError.ReadToEndAsync();
        await Task.WhenAll(output, error, process.WaitForExitAsync());
        return (process.ExitCode, await output + await error);
    }
}
