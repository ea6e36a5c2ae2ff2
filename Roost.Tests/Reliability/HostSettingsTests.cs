using Roost.Tests.Support;

namespace Roost.Tests.Reliability;

/// <summary>What a host sets for its whole process changes nothing that Roost reads.</summary>
[TestFixture, Category("Reliability")]
internal sealed class HostSettingsTests : FolderFixture
{
    [Test]
    public async Task Whatever_a_host_sets_in_Dapper_everything_is_read_as_it_was_written()
    {
        string path = folder["roost.db"];
        await FixtureFile.MakeAsync(path, kills: false, artifactBytes: 40_000);
        await using ChildProcess plain = ChildProcess.Start("read-all", path, "plain"), set = ChildProcess.Start("read-all", path, "set");

        IReadOnlyList<string> expected = await plain.EndAsync(), found = await set.EndAsync();

        plain.Errors.Should().BeEmpty();
        set.Errors.Should().BeEmpty();
        expected.Should().HaveCountGreaterThan(80).And.Contain(line => line.StartsWith("doctor: 0", StringComparison.Ordinal));
        found.Should().Equal(expected);
    }

    /// <summary>A call that the compiler does not write out is left to Dapper itself, which goes by the host's settings and by reflection.</summary>
    [Test]
    public void No_read_of_the_library_is_left_to_Dapper_at_run_time() =>
        typeof(RoostRuntime).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name).Should().Contain("Dapper.AOT").And.NotContain("Dapper");
}
