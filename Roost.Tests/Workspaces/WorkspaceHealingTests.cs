using System.Diagnostics;
using Roost.Tests.Support;
using Roost.Workspaces;

namespace Roost.Tests;

[TestFixture, NonParallelizable] // It sets variables of the process.
internal sealed class WorkspaceHealingTests : RepositoryFixture
{
    [TestCase(WorkspaceMode.Worktree)]
    [TestCase(WorkspaceMode.Clone)]
    public async Task A_half_made_workspace_is_made_anew(WorkspaceMode mode)
    {
        Workspace workspace = Of("job-1", mode);
        string path = await workspace.EnsureAsync();
        string name = Path.GetFileName(path);
        await File.WriteAllTextAsync(Path.Combine(folder["root"], ".roost", $"{name}.unfinished"), mode.ToString());
        File.Delete(Path.Combine(path, "readme.txt"));
        if (mode == WorkspaceMode.Worktree)
            await File.WriteAllTextAsync(Path.Combine(repository.Folder, ".git", "worktrees", name, "locked"), "initializing");
        workspace.Exists.Should().BeFalse();

        await workspace.EnsureAsync();

        workspace.Kind.Should().Be(mode);
        File.Exists(Path.Combine(path, "readme.txt")).Should().BeTrue();
        (await GitRepository.RunInAsync(path, "status", "--porcelain")).Should().BeEmpty();
    }

    [TestCase(WorkspaceMode.Worktree)]
    [TestCase(WorkspaceMode.Clone)]
    public async Task A_cancelled_making_is_finished_by_the_next_call(WorkspaceMode mode)
    {
        await repository.CommitAsync(".gitattributes", "*.txt filter=stuck");
        string userSettings = folder["gitconfig"];
        await File.WriteAllTextAsync(userSettings, "[filter \"stuck\"]\n\tsmudge = sleep 60\n");
        string? before = Environment.GetEnvironmentVariable("GIT_CONFIG_GLOBAL");
        Environment.SetEnvironmentVariable("GIT_CONFIG_GLOBAL", userSettings);
        try
        {
            using var cancelled = new CancellationTokenSource(TimeSpan.FromMilliseconds(400));
            var clock = Stopwatch.StartNew();
            await Of("job-1", mode).Invoking(w => w.EnsureAsync(cancelled.Token)).Should().ThrowAsync<OperationCanceledException>();
            clock.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(30), "git and its filter are killed");
        }
        finally
        {
            Environment.SetEnvironmentVariable("GIT_CONFIG_GLOBAL", before);
        }

        Of("job-1", mode).Exists.Should().BeFalse();
        string path = await Of("job-1", mode).EnsureAsync();

        File.ReadAllText(Path.Combine(path, "readme.txt")).Should().Be("base");
        (await GitRepository.RunInAsync(path, "status", "--porcelain")).Should().BeEmpty();
    }

    [Test]
    public async Task A_worktree_deleted_by_hand_comes_back_with_its_commits()
    {
        string path = await Of("job-1").EnsureAsync();
        string commit = await GitRepository.CommitInAsync(path, "done.txt", "x");
        FolderTree.Delete(path);

        await Of("job-1", WorkspaceMode.Worktree).EnsureAsync();

        (await GitRepository.RunInAsync(path, "rev-parse", "HEAD")).Should().Be(commit);
    }

    [Test]
    public async Task A_worktree_whose_root_was_moved_is_connected_again()
    {
        string path = await Of("job-1").EnsureAsync();
        await File.WriteAllTextAsync(Path.Combine(path, "readme.txt"), "edited");
        Directory.Move(folder["root"], folder["moved"]);

        string moved = await new Workspace(new() { Repository = repository.Folder }, folder["moved"], "job-1").EnsureAsync();
        await repository.RunAsync("worktree", "prune");

        File.ReadAllText(Path.Combine(moved, "readme.txt")).Should().Be("edited");
        (await GitRepository.RunInAsync(moved, "status", "--porcelain")).Should().Contain("readme.txt");
    }

    [Test]
    public async Task A_worktree_that_its_repository_forgot_is_refused_and_its_files_stay()
    {
        string path = await Of("job-1").EnsureAsync();
        FolderTree.Delete(Path.Combine(repository.Folder, ".git", "worktrees"));

        await Of("job-1").Invoking(w => w.EnsureAsync()).Should().ThrowAsync<FileRefusedException>().WithMessage("*no longer knows it*");
        File.Exists(Path.Combine(path, "readme.txt")).Should().BeTrue();

        await Of("job-1").RemoveAsync();
        await Of("job-1").EnsureAsync();
    }
}
