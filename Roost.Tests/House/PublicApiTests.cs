using PublicApiGenerator;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The public surface changes only on purpose.</summary>
[TestFixture]
internal sealed class PublicApiTests
{
    private const string Approve = "ROOST_APPROVE_PUBLIC_API";

    /// <summary>What is suppressed within a member is nobody else's business.</summary>
    private static readonly ApiGeneratorOptions Shown = new()
    {
        IncludeAssemblyAttributes = false,
        ExcludeAttributes = ["System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessageAttribute"],
    };

    [Test]
    public void The_public_surface_is_the_approved_one()
    {
        string approved = SourceTree.PathOf("Roost.Tests", "PublicApi.txt");
        string now = typeof(RoostRuntime).Assembly.GeneratePublicApi(Shown).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable(Approve) == "1") File.WriteAllText(approved, now);

        string before = File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : "";

        now.Should()
            .Be(before, $"whoever changes the public surface on purpose runs this test with {Approve}=1, which rewrites PublicApi.txt, and commits that file");
    }
}
