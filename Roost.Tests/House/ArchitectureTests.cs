using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using Microsoft.Data.Sqlite;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using static ArchUnitNET.Fluent.Slices.SliceRuleDefinition;

namespace Roost.Tests;

/// <summary>What may use what: ARCHITECTURE.md has it in words.</summary>
[TestFixture]
internal sealed class ArchitectureTests
{
    private const string Sqlite = @"^Roost\.Sqlite(\..*)?$", Generated = "Dapper.AOT|Interceptors";

    private static readonly Architecture Library = new ArchLoader()
        .LoadAssemblies(typeof(RoostRuntime).Assembly, typeof(SqliteConnection).Assembly, typeof(SQLitePCL.raw).Assembly, typeof(Dapper.SqlMapper).Assembly)
        .Build();

    [Test]
    public void Nothing_above_the_store_knows_that_it_is_SQLite() => MustHold(Types().That().ResideInAssembly(typeof(RoostRuntime).Assembly).And().DoNotResideInNamespaceMatching(Sqlite).And().DoNotHaveFullNameMatching(Generated)
        .Should().NotDependOnAnyTypesThat().ResideInNamespaceMatching(@"^(Microsoft\.Data\.Sqlite|SQLitePCL|Dapper)"));

    [Test]
    public void Nothing_above_the_store_uses_its_rooms() => MustHold(Types().That().ResideInAssembly(typeof(RoostRuntime).Assembly).And().DoNotResideInNamespaceMatching(Sqlite).And().DoNotHaveFullNameMatching(Generated)
        .Should().NotDependOnAnyTypesThat().ResideInNamespaceMatching(@"^Roost\.Sqlite\."));

    [Test]
    public void Only_the_runtime_chooses_the_store() => MustHold(Types().That().ResideInAssembly(typeof(RoostRuntime).Assembly).And().DoNotResideInNamespaceMatching(Sqlite).And().DoNotHaveFullNameMatching(Generated + @"|^Roost\.RoostRuntime")
        .Should().NotDependOnAnyTypesThat().ResideInNamespaceMatching(Sqlite));

    [TestCase("Roost.(*)")]
    [TestCase("Roost.Sqlite.(*)")]
    public void Rooms_form_no_circle(string rooms) => MustHold(Slices().Matching(rooms).Should().BeFreeOfCycles());

    /// <summary>A call of Dapper that the compiler has not written out would need it, and reflection, where a program runs.</summary>
    [Test]
    public void Every_read_through_Dapper_is_written_out_by_the_compiler() =>
        typeof(RoostRuntime).Assembly.GetReferencedAssemblies().Select(each => each.Name).Should().NotContain("Dapper").And.Contain("Dapper.AOT");

    private static void MustHold(IArchRule rule) =>
        rule.Evaluate(Library).Where(result => !result.Passed).Select(result => result.Description).Should().BeEmpty();
}
