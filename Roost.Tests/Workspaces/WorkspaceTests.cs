using Roost.Native;
using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class WorkspaceTests : FolderFixture
{
    [Test]
    public async Task Without_a_repository_a_workspace_is_an_empty_private_folder()
    {
        Workspace workspace = Plain("job-1");
        workspace.Exists.Should().BeFalse();
        Directory.Exists(folder["root"]).Should().BeFalse("nothing is made before it is asked for");

        string path = await workspace.EnsureAsync();

        path.Should().Be(workspace.Path);
        Directory.EnumerateFileSystemEntries(path).Should().BeEmpty();
        workspace.Kind.Should().Be(WorkspaceMode.Folder);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(folder["root"]).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Test]
    public async Task Ensuring_again_keeps_what_is_in_the_folder()
    {
        string path = await Plain("job-1").EnsureAsync();
        await File.WriteAllTextAsync(Path.Combine(path, "work.txt"), "half done");

        (await Plain("job-1").EnsureAsync()).Should().Be(path);

        File.ReadAllText(Path.Combine(path, "work.txt")).Should().Be("half done");
    }

    [Test]
    public async Task Any_id_gets_a_folder_of_its_own_directly_below_the_root()
    {
        string[] ids =
        [
            "../../etc", "/etc/passwd", "..", ".", "", " ", "a\0b", new string('x', 10_000), "CON", "con", "job", "Job", "JOB", "job.", "\U0001F426",
            "\ud800", "\ud801", "'; DROP TABLE", "-rf", ".roost",
        ];
        var paths = new List<string>();
        foreach (string id in ids)
            paths.Add(await Plain(id).EnsureAsync());

        paths.Should().OnlyContain(path => Path.GetDirectoryName(path) == folder["root"] && Directory.Exists(path) && Path.GetFileName(path).Length < 64);
        paths.Distinct(StringComparer.OrdinalIgnoreCase).Should().HaveCount(ids.Length);
        Directory.EnumerateDirectories(folder["root"]).Should().HaveCount(ids.Length + 1, "only Roost's own folder is beside them");
    }

    [Test]
    public async Task Removing_deletes_the_folder_and_may_be_repeated()
    {
        Workspace workspace = Plain("job-1");
        await workspace.RemoveAsync();
        await workspace.EnsureAsync();
        await File.WriteAllTextAsync(Path.Combine(workspace.Path, "work.txt"), "x");

        await workspace.RemoveAsync();
        await workspace.RemoveAsync();

        workspace.Exists.Should().BeFalse();
        workspace.Kind.Should().BeNull();
        Directory.Exists(workspace.Path).Should().BeFalse();
    }

    [Test]
    public async Task Removing_deletes_links_but_not_what_they_point_at()
    {
        string outside = Directory.CreateDirectory(folder["outside"]).FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "precious.txt"), "x");
        Workspace workspace = Plain("job-1");
        string path = await workspace.EnsureAsync();
        string deep = Directory.CreateDirectory(Path.Combine(path, "deep")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(deep, "folder"), outside);
        File.CreateSymbolicLink(Path.Combine(deep, "file"), Path.Combine(outside, "precious.txt"));

        await workspace.RemoveAsync();

        Directory.Exists(path).Should().BeFalse();
        File.ReadAllText(Path.Combine(outside, "precious.txt")).Should().Be("x");
    }

    [Test]
    public async Task Removing_deletes_read_only_folders_too()
    {
        if (OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("Rights of folders do not bind this user.");
            return;
        }

        Workspace workspace = Plain("job-1");
        string cache = Directory.CreateDirectory(Path.Combine(await workspace.EnsureAsync(), "cache")).FullName;
        await File.WriteAllTextAsync(Path.Combine(cache, "package"), "x");
        File.SetUnixFileMode(cache, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        await workspace.RemoveAsync();

        workspace.Exists.Should().BeFalse();
    }

    [Test]
    public async Task A_link_at_the_path_is_refused_and_left_alone()
    {
        string outside = Directory.CreateDirectory(folder["outside"]).FullName;
        Workspace workspace = Plain("job-1");
        Directory.CreateDirectory(folder["root"]);
        Directory.CreateSymbolicLink(workspace.Path, outside);

        workspace.Exists.Should().BeFalse();
        (await workspace.Invoking(w => w.EnsureAsync()).Should().ThrowAsync<FileRefusedException>().WithMessage("*is a link*delete the link*"))
            .Which.Cause.Should()
            .Be(FileRefusal.Workspace);
        await workspace.Invoking(w => w.RemoveAsync()).Should().ThrowAsync<FileRefusedException>();
        Directory.Exists(outside).Should().BeTrue();
    }

    [Test]
    public async Task A_dangling_link_and_a_file_at_the_path_are_refused()
    {
        Directory.CreateDirectory(folder["root"]);
        Directory.CreateSymbolicLink(Plain("dangling").Path, folder["nowhere"]);
        await File.WriteAllTextAsync(Plain("file").Path, "x");

        await Plain("dangling").Invoking(w => w.EnsureAsync()).Should().ThrowAsync<FileRefusedException>();
        await Plain("file").Invoking(w => w.EnsureAsync()).Should().ThrowAsync<FileRefusedException>().WithMessage("*is a file*");
        Directory.Exists(folder["nowhere"]).Should().BeFalse();
    }

    [Test]
    public async Task A_link_in_place_of_the_state_folder_is_refused()
    {
        Directory.CreateDirectory(folder["root"]);
        Directory.CreateSymbolicLink(Path.Combine(folder["root"], ".roost"), Directory.CreateDirectory(folder["outside"]).FullName);

        await Plain("job-1").Invoking(w => w.EnsureAsync()).Should().ThrowAsync<FileRefusedException>().WithMessage("*is a link*");
    }

    [Test]
    public async Task A_root_that_is_a_file_is_refused_with_advice()
    {
        await File.WriteAllTextAsync(folder["root"], "x");

        await Plain("job-1").Invoking(w => w.EnsureAsync()).Should().ThrowAsync<FileRefusedException>().WithMessage("*workspaces.root*");
    }

    [Test]
    public async Task A_half_removed_folder_is_not_handed_out_again()
    {
        Workspace workspace = Plain("job-1");
        string path = await workspace.EnsureAsync();
        await File.WriteAllTextAsync(Path.Combine(path, "left-over.txt"), "x");
        string mark = Path.Combine(folder["root"], ".roost", $"{Path.GetFileName(path)}.unfinished");
        await File.WriteAllTextAsync(mark, "Folder");
        workspace.Exists.Should().BeFalse();

        await workspace.EnsureAsync();

        workspace.Exists.Should().BeTrue();
        Directory.EnumerateFileSystemEntries(path).Should().BeEmpty();
    }

    [Test]
    public async Task Waiting_for_another_holder_can_be_cancelled()
    {
        Workspace workspace = Plain("job-1");
        await workspace.EnsureAsync();
        string lockPath = Path.Combine(folder["root"], ".roost", $"{workspace.Path[^2..]}.lock");
        using FileLock held = await Workspaces.WorkspaceLock.TakeAsync(lockPath, CancellationToken.None);
        using var cancelled = new CancellationTokenSource();

        Task waiting = workspace.EnsureAsync(cancelled.Token);
        waiting.IsCompleted.Should().BeFalse();
        await cancelled.CancelAsync();

        await FluentActions.Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
    }

    [TestCase(WorkspaceMode.Worktree, null, null, "Workspaces.Repository")]
    [TestCase(WorkspaceMode.Clone, null, null, "Workspaces.Repository")]
    [TestCase(WorkspaceMode.Folder, "/repository", null, "Workspaces.Repository")]
    [TestCase(WorkspaceMode.Auto, "", null, "Workspaces.Repository")]
    [TestCase(WorkspaceMode.Auto, null, "main", "Workspaces.BaseRevision")]
    [TestCase(WorkspaceMode.Auto, "/repository", "--upload-pack=x", "Workspaces.BaseRevision")]
    [TestCase((WorkspaceMode)9, null, null, "Workspaces.Mode")]
    public void Options_that_contradict_each_other_are_refused_by_field(WorkspaceMode mode, string? repository, string? baseRevision, string field)
    {
        var options = new WorkspaceOptions { Mode = mode, Repository = repository, BaseRevision = baseRevision };

        options.Invoking(o => o.Validate()).Should().Throw<InvalidInputException>().Which.Field.Should().Be(field);
    }

    [Test]
    public void Default_options_and_a_repository_alone_are_valid()
    {
        new WorkspaceOptions().Invoking(o => o.Validate()).Should().NotThrow();
        new WorkspaceOptions { Repository = "/repository", BaseRevision = "main" }.Invoking(o => o.Validate()).Should().NotThrow();
    }

    private Workspace Plain(string id) => new(new WorkspaceOptions(), folder["root"], id);
}
