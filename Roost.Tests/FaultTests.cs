using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>A disk that fails one call: nothing acknowledged is lost, nothing refused has landed, and the process goes on.</summary>
[TestFixture]
internal sealed class FaultTests
{
    private TemporaryFolder folder = null!;
    private string library = null!;

    [OneTimeSetUp]
    public async Task CompileAsync()
    {
        folder = new();
        library = await FaultShim.CompileAsync(folder.Root);
    }

    [OneTimeTearDown]
    public void DeleteFolder() => folder.Dispose();

    [TestCase("sync", "EIO", 40, 5)]
    [TestCase("write", "EIO", 200, 25)]
    [TestCase("write", "ENOSPC", 200, 25)]
    [TestCase("write", "ENOSPC", 6, 1)]
    public async Task After_any_one_failing_call_every_answer_was_true_and_the_process_goes_on(string call, string error, int last, int stride)
    {
        int first = Random.Shared.Next(1, stride + 1);
        TestContext.Out.WriteLine($"calls {first}, {first + stride}, ...");
        for (int at = first; at <= last; at += stride * 2)
            await Task.WhenAll(TryAsync(call, error, at, 1), TryAsync(call, error, at + stride, 1));
    }

    [TestCase("sync", "EIO")]
    [TestCase("write", "EIO")]
    [TestCase("write", "ENOSPC")]
    public Task After_many_failing_calls_in_a_row_every_answer_was_true_and_the_process_goes_on(string call, string error) =>
        TryAsync(call, error, 8, 12);

    private async Task TryAsync(string call, string error, int at, int count)
    {
        string which = $"{call}-{error}-{at}-{count}";
        string own = Directory.CreateDirectory(folder[$"{which}-{Guid.NewGuid():N}"]).FullName;
        string path = Path.Combine(own, "roost.db");
        await using (new RoostRuntime(ChildVerbs.Options(path))) { }
        await using ChildProcess child = ChildProcess.StartWith(FaultShim.Environment(library, call, at, error, count), "faults", path);
        IReadOnlyList<string> said = await child.EndAsync();

        child.ExitCode.Should().Be(0, $"the process goes on ({which}): {child.Errors}");
        said.Should().Contain("end");
        FileAudit.MustHold(path, said);
        foreach (string refused in said.Where(line => line.StartsWith("refused", StringComparison.Ordinal)))
            FileAudit.Count(path, $"work WHERE id = '{refused.Split(' ')[1]}'").Should().Be(0, $"what was refused has not landed ({which}: {refused})");
        FileAudit.MustAgree(path);
        FileAudit.MustHaveNoLeftovers(path);
        FileAudit.Count(path, "work WHERE state <> 'done'").Should().Be(0, $"the loop goes on ({which}): {child.Errors}");
    }
}
