namespace Roost.Tests.Support;

/// <summary>Tests of workspaces that are checkouts of a repository of their own.</summary>
internal abstract class RepositoryFixture : FolderFixture
{
    private protected GitRepository repository = null!;

    [SetUp]
    public async Task CreateRepository() => repository = await GitRepository.CreateAsync(folder["base"]);

    private protected Workspace Of(string id, WorkspaceMode mode = WorkspaceMode.Auto) =>
        new(new WorkspaceOptions { Repository = repository.Folder, Mode = mode }, folder["root"], id);
}
