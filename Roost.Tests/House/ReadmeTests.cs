using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The README leads to a first success within two screens.</summary>
[TestFixture]
internal sealed class ReadmeTests
{
    private const int TwoScreens = 120;

    private static readonly Page Readme = Page.Of("README.md");

    [Test]
    public void It_is_two_screens() => Readme.Text.Count('\n').Should().BeLessThanOrEqualTo(TwoScreens);

    [Test]
    public void Its_program_is_run_by_the_tests() => Readme.Blocks("csharp").Should().ContainSingle(block => block.Mark == "run");

    [Test]
    public void It_shows_the_two_commands()
    {
        string[] lines = [.. Readme.Blocks("console").SelectMany(block => block.Text.Split('\n'))];

        lines.Should().Contain(["$ dotnet run --project Roost.Samples", "$ dotnet test"]);
    }

    [Test]
    public void It_shows_a_picture_of_the_console() => Readme.Text.Should().Contain("](docs/pictures/overview.png)");
}
