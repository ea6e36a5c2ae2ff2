using System.Reflection;
using PublicApiGenerator;
using Roost.Extensions.Hosting;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>The public surface of what is packed changes only on purpose.</summary>
[TestFixture]
internal sealed class PublicApiTests
{
    private const string Approve = "ROOST_APPROVE_PUBLIC_API";

    /// <summary>What is suppressed within a member is nobody else's business.</summary>
    private static readonly ApiGeneratorOptions Shown = new()
    {
        IncludeAssemblyAttributes = false,
        DenyNamespacePrefixes = [], // What extends a container lives in the container's own namespace.
        ExcludeAttributes = ["System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessageAttribute"],
    };

    /// <summary>Each assembly that a program may refer to, and the file of what it shows.</summary>
    private static readonly TestCaseData[] Packed =
    [
        Of(typeof(RoostRuntime), "PublicApi.txt"),
        Of(typeof(RoostBuilder), "PublicApi.Hosting.txt"),
    ];

    [TestCaseSource(nameof(Packed))]
    public void The_public_surface_is_the_approved_one(Assembly assembly, string file)
    {
        string approved = SourceTree.PathOf("Roost.Tests", file);
        string now = assembly.GeneratePublicApi(Shown).ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable(Approve) == "1") File.WriteAllText(approved, now);

        string before = File.Exists(approved) ? File.ReadAllText(approved).ReplaceLineEndings("\n") : "";

        now.Should().Be(before, $"whoever changes the public surface on purpose runs this test with {Approve}=1, which rewrites {file}, and commits that file");
    }

    private static TestCaseData Of(Type type, string file) => new TestCaseData(type.Assembly, file).SetArgDisplayNames(type.Assembly.GetName().Name!);
}
