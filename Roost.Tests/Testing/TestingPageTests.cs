using Roost.Testing;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>What docs/testing.md shows runs; that it is compiled is for <see cref="PageCodeTests"/>.</summary>
[TestFixture]
internal sealed class TestingPageTests
{
    private const string Answer = "{\"id\":\"r-1\"}";

    private static readonly string Page = Read("docs", "testing.md");

    [Test]
    public async Task What_is_shown_runs()
    {
        var fake = new FakeService(answer: Answer);
        using var http = new HttpClient(fake, disposeHandler: false);

        await ShownInDocs.VerifyAsync(fake);
        await ShownInDocs.StepAsync(http);
        int before = fake.Calls;
        await ShownInDocs.ThreeWeeksAsync(http);

        fake.Calls.Should().Be(before + 2, "the interrupted step has charged as well, with the same key");
    }

    [Test]
    public async Task The_finding_that_is_shown_is_what_is_found()
    {
        using var http = new HttpClient(new StepKeyHandler(new FakeService()));

        VerificationReport report = await EngineVerifier.CheckAsync(
            () => new Charging(http, "https://pay.example/charges", KeyPlace.None), new WorkItem("charging"));

        Page.Should().Contain($"```\n[1] {report.Findings.Should().ContainSingle().Which}\n```");
    }

    private static string Read(params string[] parts) => File.ReadAllText(SourceTree.PathOf(parts)).ReplaceLineEndings("\n");
}
