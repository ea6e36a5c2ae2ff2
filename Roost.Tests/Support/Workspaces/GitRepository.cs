using Roost.Workspaces;

namespace Roost.Tests.Support;

/// <summary>A real local git repository with one commit of <c>readme.txt</c>.</summary>
internal sealed class GitRepository
{
    private GitRepository(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Skips the test where git is missing.</summary>
    public static void Require()
    {
        try
        {
            Git.Locate(Environment.GetEnvironmentVariable("PATH"));
        }
        catch (InvalidInputException)
        {
            Assert.Ignore("git is not on the PATH; this test runs real git commands.");
        }
    }

    public static async Task<GitRepository> CreateAsync(string folder)
    {
        Require();
        GitRepository repository = await CreateEmptyAsync(folder);
        await repository.CommitAsync("readme.txt", "base");
        return repository;
    }

    public static async Task<GitRepository> CreateEmptyAsync(string folder)
    {
        Require();
        Directory.CreateDirectory(folder);
        var repository = new GitRepository(folder);
        await repository.RunAsync("init", "--quiet", "--initial-branch=main");
        return repository;
    }

    public Task<string> CommitAsync(string file, string content) => CommitInAsync(Folder, file, content);

    public static async Task<string> CommitInAsync(string folder, string file, string content)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, file), content);
        await RunInAsync(folder, "add", "--", file);
        await RunInAsync(folder, "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgSign=false", "commit", "--quiet", "-m", file);
        return await RunInAsync(folder, "rev-parse", "HEAD");
    }

    public Task<string> RunAsync(params string[] arguments) => RunInAsync(Folder, arguments);

    public static async Task<string> RunInAsync(string folder, params string[] arguments)
    {
        Git.Result result = await Git.RunAsync(folder, arguments, CancellationToken.None);
        result.Succeeded.Should().BeTrue("git {0} has to work: {1}", string.Join(' ', arguments), result.Error);
        return result.Output.Trim();
    }
}
