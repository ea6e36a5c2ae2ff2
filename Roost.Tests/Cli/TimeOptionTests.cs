using Roost.AspNetCore.Input;
using Roost.Commands;
using Roost.Tests.Support;

namespace Roost.Tests.Cli;

/// <summary>A duration has its unit, and a time its day in the one order that everybody reads alike.</summary>
[TestFixture, NonParallelizable] // The command runs in this process, with its console.
internal sealed class TimeOptionTests : FolderFixture
{
    [TestCase("250ms", 0.25)]
    [TestCase("5s", 5)]
    [TestCase("1.5s", 1.5)]
    [TestCase("10m", 600)]
    [TestCase("2h", 7200)]
    [TestCase("1h30m", 5400)]
    [TestCase("7d", 604_800)]
    [TestCase("4w", 2_419_200)]
    [TestCase(" 0s ", 0)]
    public void A_duration_is_a_number_and_its_unit(string text, double seconds) => Durations.Parse("--delay", text).TotalSeconds.Should().Be(seconds);

    [TestCase("30")]
    [TestCase("0")]
    [TestCase("1.5")]
    [TestCase("00:05:00")]
    [TestCase("12:00")]
    [TestCase("24:00:00")]
    [TestCase("-5s")]
    [TestCase("5 s")]
    [TestCase("5S")]
    [TestCase("1e3s")]
    [TestCase("s")]
    [TestCase("")]
    public void Anything_else_is_no_duration(string text) =>
        FluentActions.Invoking(() => Durations.Parse("--delay", text)).Should().Throw<UsageException>().WithMessage($"--delay is \"{text}\"*such as*");

    [Test]
    public void A_number_alone_is_told_that_it_needs_a_unit() =>
        FluentActions
            .Invoking(() => Durations.Parse("--older-than", "30"))
            .Should()
            .Throw<UsageException>()
            .WithMessage("--older-than is \"30\"; a number needs its unit, such as 30s, 30m, 30h or 30d.");

    [TestCase("2030-01-31", "2030-01-31T00:00:00Z")]
    [TestCase("2030-01-31T12:00Z", "2030-01-31T12:00:00Z")]
    [TestCase("2030-01-31T12:00", "2030-01-31T12:00:00Z")]
    [TestCase("2030-01-31T12:00:30.25+02:00", "2030-01-31T10:00:30.25Z")]
    [TestCase("2030-01-31 12:00:30Z", "2030-01-31T12:00:30Z")]
    public void A_time_is_read_as_ISO_8601_writes_it(string text, string expected)
    {
        var at = DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture);
        Instants.Optional("--not-before", text).Should().Be(at);
        Instants.Past("--failed-before", text).Should().Be(at);
    }

    [TestCase("01-02-2030")]
    [TestCase("1-2")]
    [TestCase("12:00")]
    [TestCase("2030-1-2")]
    [TestCase("2030-02-30")]
    [TestCase("30-01-2030 12:00")]
    [TestCase("Jan-31-2030")]
    [TestCase("31 Jan 2030")]
    [TestCase("2030/01/31")]
    [TestCase("20300131")]
    [TestCase("60")]
    [TestCase("tomorrow")]
    [TestCase("")]
    public void Nothing_is_guessed_to_be_a_time(string text)
    {
        FluentActions
            .Invoking(() => Instants.Optional("--not-before", text))
            .Should()
            .Throw<UsageException>()
            .WithMessage($"--not-before is \"{text}\"*ISO 8601*");
        FluentActions.Invoking(() => Instants.Past("--failed-before", text)).Should().Throw<UsageException>();
    }

    [Test]
    public void A_time_may_be_a_duration_away()
    {
        Instants.Optional("--deadline", "2h").Should().BeCloseTo(DateTimeOffset.UtcNow.AddHours(2), TimeSpan.FromMinutes(1));
        Instants.Optional("--deadline", "+2h").Should().BeCloseTo(DateTimeOffset.UtcNow.AddHours(2), TimeSpan.FromMinutes(1));
        Instants.Past("--failed-after", "2h").Should().BeCloseTo(DateTimeOffset.UtcNow.AddHours(-2), TimeSpan.FromMinutes(1));
        FluentActions.Invoking(() => Instants.Past("--failed-after", "99999999d")).Should().Throw<UsageException>();
        FluentActions.Invoking(() => Instants.Optional("--deadline", "++2h")).Should().Throw<UsageException>();
    }

    [TestCase("enqueue", "-e", "demo", "--delay", "30")]
    [TestCase("enqueue", "-e", "demo", "--timeout", "30")]
    [TestCase("enqueue", "-e", "demo", "--not-before", "01-02-2030")]
    [TestCase("enqueue", "-e", "demo", "--deadline", "1-2")]
    [TestCase("worker", "--until-idle", "--lease-time", "30")]
    [TestCase("worker", "--until-idle", "--timeout", "30")]
    [TestCase("worker", "--until-idle", "--drain-time", "30")]
    [TestCase("wait", "item", "--timeout", "30")]
    [TestCase("prune", "--older-than", "30")]
    [TestCase("dead-letters", "--failed-before", "30")]
    [TestCase("list", "--watch", "5")]
    public async Task Every_option_that_takes_one_refuses_a_number_alone(params string[] arguments)
    {
        string database = folder["roost.db"];
        await using (var roost = new RoostRuntime(database)) await roost.EnqueueAsync(new WorkItem("demo") { Id = "item" });

        CommandResult result = await CommandInProcess.RunAsync([.. arguments, "--db", database]);

        result.Ends(ExitCodes.Usage).Error.Should().Contain($"{arguments[^2]} is \"{arguments[^1]}\"");
    }
}
