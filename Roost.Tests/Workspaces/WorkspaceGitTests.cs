using Roost.Tests.Support;
using Roost.Workspaces;

namespace Roost.Tests;

[TestFixture, NonParallelizable] // It sets variables of the process.
internal sealed class WorkspaceGitTests : RepositoryFixture
{
    [TestCase(WorkspaceMode.Auto, WorkspaceMode.Worktree)]
    [TestCase(WorkspaceMode.Worktree, WorkspaceMode.Worktree)]
    [TestCase(WorkspaceMode.Clone, WorkspaceMode.Clone)]
    public async Task With_a_repository_a_workspace_is_a_checkout_on_a_branch_of_its_own(WorkspaceMode mode, WorkspaceMode kind)
    {
        Workspace workspace = Of("job-1", mode);

        string path = await workspace.EnsureAsync();

        workspace.Kind.Should().Be(kind);
        File.ReadAllText(Path.Combine(path, "readme.txt")).Should().Be("base");
        (await GitRepository.RunInAsync(path, "rev-parse", "--abbrev-ref", "HEAD")).Should().Be($"roost/{Path.GetFileName(path)}");
        (await GitRepository.RunInAsync(path, "status", "--porcelain")).Should().BeEmpty();
    }

    [TestCase(WorkspaceMode.Worktree)]
    [TestCase(WorkspaceMode.Clone)]
    public async Task Ensuring_again_keeps_commits_and_uncommitted_work(WorkspaceMode mode)
    {
        string path = await Of("job-1", mode).EnsureAsync();
        string commit = await GitRepository.CommitInAsync(path, "done.txt", "x");
        await File.WriteAllTextAsync(Path.Combine(path, "readme.txt"), "edited");

        await Of("job-1", mode).EnsureAsync();

        File.ReadAllText(Path.Combine(path, "readme.txt")).Should().Be("edited");
        (await GitRepository.RunInAsync(path, "rev-parse", "HEAD")).Should().Be(commit);
    }

    [Test]
    public async Task A_workspace_starts_at_the_base_revision()
    {
        await repository.RunAsync("tag", "v1");
        await repository.CommitAsync("readme.txt", "newer");

        string path = await new Workspace(new() { Repository = repository.Folder, BaseRevision = "v1" }, folder["root"], "job-1").EnsureAsync();

        File.ReadAllText(Path.Combine(path, "readme.txt")).Should().Be("base");
    }

    [TestCase(WorkspaceMode.Worktree)]
    [TestCase(WorkspaceMode.Clone)]
    public async Task Callers_that_ensure_one_workspace_at_once_get_the_same(WorkspaceMode mode)
    {
        string[] paths = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Of("job-1", mode).EnsureAsync())));

        paths.Distinct().Should().ContainSingle();
        (await GitRepository.RunInAsync(paths[0], "status", "--porcelain")).Should().BeEmpty();
    }

    [Test]
    public async Task Workspaces_of_many_items_can_be_made_and_removed_at_once()
    {
        Workspace[] workspaces = [.. Enumerable.Range(0, 12).Select(i => Of($"job-{i}", WorkspaceMode.Worktree))];

        await Task.WhenAll(workspaces.Select(workspace => Task.Run(() => workspace.EnsureAsync())));
        workspaces.Should().OnlyContain(workspace => workspace.Kind == WorkspaceMode.Worktree);
        await Task.WhenAll(workspaces.Select(workspace => Task.Run(() => workspace.RemoveAsync())));

        workspaces.Should().OnlyContain(workspace => !workspace.Exists);
        (await BranchesAsync()).Should().Equal("main");
    }

    [Test]
    public async Task Removing_a_worktree_drops_its_record_and_its_branch()
    {
        Workspace workspace = Of("job-1");
        string path = await workspace.EnsureAsync();
        await GitRepository.CommitInAsync(path, "done.txt", "x");
        await File.WriteAllTextAsync(Path.Combine(path, "readme.txt"), "edited");

        await workspace.RemoveAsync();
        await workspace.RemoveAsync();

        Directory.Exists(path).Should().BeFalse();
        (await BranchesAsync()).Should().Equal("main");
        (await repository.RunAsync("worktree", "list", "--porcelain")).Should().NotContain(Path.GetFileName(path));
    }

    [Test]
    public async Task Removing_a_clone_keeps_the_branch_that_was_pushed_from_it()
    {
        Workspace workspace = Of("job-1", WorkspaceMode.Clone);
        string path = await workspace.EnsureAsync();
        await GitRepository.CommitInAsync(path, "done.txt", "x");
        await GitRepository.RunInAsync(path, "push", "--quiet", "origin", "HEAD");

        await workspace.RemoveAsync();
        await workspace.RemoveAsync();

        Directory.Exists(path).Should().BeFalse();
        (await BranchesAsync()).Should().BeEquivalentTo("main", $"roost/{Path.GetFileName(path)}");
    }

    [Test]
    public async Task Removing_works_when_the_repository_is_gone()
    {
        Workspace workspace = Of("job-1");
        await workspace.EnsureAsync();
        FolderTree.Delete(repository.Folder);

        await workspace.RemoveAsync();

        workspace.Exists.Should().BeFalse();
    }

    [Test]
    public async Task Auto_makes_a_clone_where_git_refuses_a_worktree_and_Worktree_says_why()
    {
        string branch = $"roost/{Path.GetFileName(Of("job-1").Path)}";
        await repository.RunAsync("worktree", "add", "--quiet", "-b", branch, folder["elsewhere"]);

        (await Of("job-1", WorkspaceMode.Worktree).Invoking(w => w.EnsureAsync()).Should().ThrowAsync<RoostException>()).WithMessage($"*{branch}*");
        await Of("job-1").EnsureAsync();

        Of("job-1").Kind.Should().Be(WorkspaceMode.Clone);
        await Of("job-1").RemoveAsync();
        (await BranchesAsync()).Should().Contain(branch, "it belongs to the other worktree");
    }

    [Test]
    public async Task A_read_only_repository_is_cloned()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("Rights of folders do not bind this user.");
            return;
        }

        File.SetUnixFileMode(Path.Combine(repository.Folder, ".git"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        await Of("job-1").EnsureAsync();

        Of("job-1").Kind.Should().Be(WorkspaceMode.Clone);
    }

    [Test]
    public async Task A_base_that_is_no_repository_with_a_commit_is_refused_with_advice()
    {
        await File.WriteAllTextAsync(folder["file"], "x");
        Directory.CreateDirectory(folder["plain"]);
        Directory.CreateDirectory(Path.Combine(repository.Folder, "sub"));
        await GitRepository.CreateEmptyAsync(folder["empty"]);

        await ShouldRefuseAsync("missing", "*there is no folder*git init*");
        await ShouldRefuseAsync("file", "*is a file*");
        await ShouldRefuseAsync("plain", "*is not a git repository*git init*leave workspaces.repository out*");
        await ShouldRefuseAsync(Path.Combine("base", "sub"), "*top folder*");
        await ShouldRefuseAsync("empty", "*no commit*git commit --allow-empty*");
    }

    [Test]
    public async Task A_base_revision_that_is_not_there_is_refused_by_name()
    {
        var workspace = new Workspace(new() { Repository = repository.Folder, BaseRevision = "v9" }, folder["root"], "job-1");

        (await workspace.Invoking(w => w.EnsureAsync()).Should().ThrowAsync<InvalidInputException>().WithMessage("*'v9'*"))
            .Which.Field.Should()
            .Be("Workspaces.BaseRevision");
    }

    [Test]
    public async Task A_bare_repository_serves_as_base()
    {
        await repository.RunAsync("clone", "--quiet", "--bare", repository.Folder, folder["bare"]);

        string path = await new Workspace(new() { Repository = folder["bare"] }, folder["root"], "job-1").EnsureAsync();

        File.Exists(Path.Combine(path, "readme.txt")).Should().BeTrue();
    }

    [Test]
    public async Task Hostile_ids_make_valid_branches()
    {
        foreach (string id in (string[])["../../etc", "", "a..b~^:?*[\\", "@{", "x.lock", "\U0001F426", "-rf", new string('x', 10_000)])
        {
            await Of(id, WorkspaceMode.Worktree).EnsureAsync();
            Of(id).Kind.Should().Be(WorkspaceMode.Worktree);
        }
    }

    [Test]
    public async Task The_repositorys_hooks_do_not_run()
    {
        string hook = Path.Combine(repository.Folder, ".git", "hooks", "post-checkout");
        await File.WriteAllTextAsync(hook, $"#!/bin/sh\necho ran > '{folder["hook-ran"]}'\nexit 1\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(hook, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        await Of("job-1", WorkspaceMode.Worktree).EnsureAsync();

        File.Exists(folder["hook-ran"]).Should().BeFalse();
    }

    [Test]
    public async Task Variables_that_git_sets_for_its_hooks_do_not_turn_the_commands_elsewhere()
    {
        GitRepository other = await GitRepository.CreateAsync(folder["other"]);
        string[] names = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"];
        try
        {
            Environment.SetEnvironmentVariable("GIT_DIR", Path.Combine(other.Folder, ".git"));
            Environment.SetEnvironmentVariable("GIT_WORK_TREE", other.Folder);
            Environment.SetEnvironmentVariable("GIT_INDEX_FILE", Path.Combine(other.Folder, ".git", "index"));
            await Of("job-1", WorkspaceMode.Worktree).EnsureAsync();
        }
        finally
        {
            foreach (string name in names)
                Environment.SetEnvironmentVariable(name, null);
        }

        (await BranchesAsync()).Should().HaveCount(2);
        (await other.RunAsync("branch", "--list", "roost/*")).Should().BeEmpty();
    }

    [Test]
    public void Missing_git_is_refused_with_advice_and_folders_relative_to_the_current_one_are_not_searched()
    {
        FluentActions.Invoking(() => Git.Locate(null)).Should().Throw<InvalidInputException>().WithMessage("*not on the PATH*install git*");
        FluentActions.Invoking(() => Git.Locate($".{Path.PathSeparator}{folder.Root}")).Should().Throw<InvalidInputException>();
    }

    [Test]
    public async Task Output_beyond_the_bound_is_dropped_and_does_not_block_git()
    {
        Git.Result result = await Git.RunAsync(repository.Folder, ["-c", "alias.flood=!seq 1 100000", "flood"], CancellationToken.None);

        result.Succeeded.Should().BeTrue();
        result.Output.Length.Should().BeLessThan(20_000);
        result.Output.Should().EndWith("100000\n");
    }

    private async Task ShouldRefuseAsync(string name, string message)
    {
        var workspace = new Workspace(new() { Repository = folder[name] }, folder["root"], "job-1");
        await workspace.Invoking(w => w.EnsureAsync()).Should().ThrowAsync<InvalidInputException>().WithMessage(message);
        workspace.Exists.Should().BeFalse();
    }

    private async Task<string[]> BranchesAsync() =>
        (await repository.RunAsync("for-each-ref", "--format=%(refname:short)", "refs/heads")).Split('\n');
}
