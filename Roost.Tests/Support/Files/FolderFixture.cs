namespace Roost.Tests.Support;

/// <summary>Tests that each have a folder of their own, deleted with them.</summary>
internal abstract class FolderFixture
{
    private protected TemporaryFolder folder = null!;

    [SetUp]
    public void MakeFolder() => folder = new();

    [TearDown]
    public void DeleteFolder() => folder.Dispose();
}
