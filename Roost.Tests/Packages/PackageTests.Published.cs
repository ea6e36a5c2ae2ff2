using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Roost.Tests.Support;

namespace Roost.Tests.Packages;

/// <summary>A program that takes the packages, published in both ways that remove what nothing names.</summary>
internal sealed partial class PackageTests
{
    private const int Starts = 11;

    private const string Engine =
        """

        sealed record Parcel(string Address, bool IsSent = false);

        [System.Text.Json.Serialization.JsonSerializable(typeof(Parcel))]
        sealed partial class AppJson : System.Text.Json.Serialization.JsonSerializerContext;

        sealed class ParcelEngine() : Engine<Parcel>(AppJson.Default.Parcel)
        {
            public override string EngineId => "parcel";
            protected override Parcel Init(WorkItem item) => item.PayloadAs(AppJson.Default.Parcel);
            protected override Task<Outcome> StepAsync(Parcel state, StepContext context) => Task.FromResult(Done(state with { IsSent = true }));
        }
        """;

    private const string Library =
        """
        using Roost;

        var options = new RoostOptions { Path = "roost.db", Json = new(RoostJson.Default) { TypeInfoResolver = AppJson.Default } };
        await using var roost = new RoostRuntime(options).AddEngine(new ParcelEngine());
        Console.WriteLine("started");
        string id = await roost.EnqueueAsync(WorkItem.From("parcel", new Parcel("Main St 1"), AppJson.Default.Parcel));
        WorkSummary ended = await roost.RunUntilDoneAsync(id);
        Console.WriteLine($"{ended.State}: {(await roost.GetSnapshotAsync(id)).DataAs(AppJson.Default.Parcel)}");
        """;

    private const string Hosted =
        """
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Hosting;
        using Microsoft.Extensions.Logging;
        using Roost;

        HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
        builder.Logging.ClearProviders();
        var json = new System.Text.Json.JsonSerializerOptions(RoostJson.Default) { TypeInfoResolver = AppJson.Default };
        builder.Services.AddRoost(it => it.Path = "roost.db").ConfigureRuntime(it => it with { Json = json }).AddEngine<ParcelEngine>();
        using IHost host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("started");
        RoostRuntime roost = host.Services.GetRequiredService<RoostRuntime>();
        string id = await roost.EnqueueAsync(WorkItem.From("parcel", new Parcel("Main St 1"), AppJson.Default.Parcel));
        WorkSummary ended = await roost.WaitAsync(id);
        Console.WriteLine($"{ended.State}: {(await roost.GetSnapshotAsync(id)).DataAs(AppJson.Default.Parcel)}");
        await host.StopAsync();
        """;

    [TestCase("Roost", "PublishTrimmed")]
    [TestCase("Roost", "PublishAot")]
    [TestCase("Roost.Extensions.Hosting", "PublishTrimmed")]
    [TestCase("Roost.Extensions.Hosting", "PublishAot")]
    public async Task A_program_that_takes_the_packages_is_published_without_a_warning_of_theirs_and_runs(string package, string how)
    {
        if (how == "PublishAot" && OperatingSystem.IsLinux() && !Programs.IsOnPath("clang") && !Programs.IsOnPath("gcc"))
            Assert.Ignore("Neither clang nor gcc is on the PATH, to link what was compiled ahead of time.");
        string name = $"{package}.{how}", published = feed[$"{name}/published"];
        Directory.CreateDirectory(feed[name]);
        await File.WriteAllTextAsync(feed[$"{name}/Program.cs"], (package == "Roost" ? Library : Hosted) + Engine);
        await File.WriteAllTextAsync(feed[$"{name}/{name}.csproj"], Project(
            $"""
            <OutputType>Exe</OutputType>
            <AssemblyName>program</AssemblyName>
            <RuntimeIdentifier>{RuntimeInformation.RuntimeIdentifier}</RuntimeIdentifier>
            <SelfContained>true</SelfContained>
            <{how}>true</{how}>
            <InvariantGlobalization>true</InvariantGlobalization>
            <DebugType>none</DebugType>
            <StripSymbols>true</StripSymbols>
            """,
            (package, VersionOfAll())));

        CommandResult restored = await feed.RunAsync("dotnet", "restore", feed[name]);
        if (restored.ExitCode != 0 && Regex.IsMatch(restored.Output, "NU1.*(ILCompiler|App\\.Runtime|ILLink)"))
            Assert.Ignore($"The packs that {how} needs could not be restored: {restored.Output}");
        restored.Ends(0);
        string output = (await feed.RunAsync("dotnet", "publish", feed[name], "--no-restore", "--output", published)).Ends(0).Output;

        Warnings().Matches(output).Select(warning => warning.Value).Where(warning => !warning.Contains("Dapper.AOT")).Should()
            .BeEmpty("docs/guide/publishing.md knows of no other");
        File.Exists(Path.Combine(published, "Roost.dll")).Should().Be(how == "PublishTrimmed");
        string program = Path.Combine(published, OperatingSystem.IsWindows() ? "program.exe" : "program");
        var starts = new List<TimeSpan>();
        for (int i = 0; i <= Starts; i++) starts.Add(await StartAsync(program));
        FileInfo[] files = [.. new DirectoryInfo(published).EnumerateFiles("*", SearchOption.AllDirectories)];
        double[] measured = [.. starts.Skip(1).Select(start => start.TotalMilliseconds).Order()]; // The first makes the file.
        TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{package}, {how}: {files.Sum(file => file.Length) / 1e6:0.0} MB in {files.Length} files; " +
            $"{Starts} starts: {measured[Starts / 2]:0} ms ({measured[0]:0} to {measured[^1]:0} ms)."));
    }

    /// <summary>How long it takes until its runtime is there. It goes on and does its work.</summary>
    private async Task<TimeSpan> StartAsync(string program)
    {
        long since = Stopwatch.GetTimestamp();
        var start = new ProcessStartInfo(program) { WorkingDirectory = feed[""], RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string? first = await process.StandardOutput.ReadLineAsync().Soon();
        TimeSpan started = Stopwatch.GetElapsedTime(since);
        string rest = await process.StandardOutput.ReadToEndAsync().Soon(), error = await process.StandardError.ReadToEndAsync().Soon();
        await process.WaitForExitAsync().Soon();
        (process.ExitCode, first, rest.Trim(), error).Should().Be((0, "started", "Done: Parcel { Address = Main St 1, IsSent = True }", ""));
        return started;
    }

    [GeneratedRegex(@"warning (IL|NETSDK|CS)\d+.*")]
    private static partial Regex Warnings();
}
