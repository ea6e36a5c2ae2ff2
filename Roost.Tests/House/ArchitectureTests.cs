using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Fluent.Syntax.Elements.Types;
using ArchUnitNET.Loader;
using Microsoft.Data.Sqlite;
using Roost.Tests.Conformance;
using Roost.Tests.Support;
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
    public void Nothing_above_the_store_knows_that_it_is_SQLite() =>
        MustHold(
            AboveTheStore(but: Generated)
                .Should()
                .NotDependOnAnyTypesThat()
                .ResideInNamespaceMatching(@"^(Microsoft\.Data\.Sqlite|SQLitePCL|Dapper)")
        );

    [Test]
    public void Nothing_above_the_store_uses_its_rooms() =>
        MustHold(
            AboveTheStore(but: Generated)
                .Should()
                .NotDependOnAnyTypesThat()
                .ResideInNamespaceMatching(@"^Roost\.Sqlite\.")
        );

    [Test]
    public void Only_the_runtime_chooses_the_store() =>
        MustHold(
            AboveTheStore(but: Generated + @"|^Roost\.RoostRuntime")
                .Should()
                .NotDependOnAnyTypesThat()
                .ResideInNamespaceMatching(Sqlite)
        );

    [TestCase("Roost.(*)")]
    [TestCase("Roost.Sqlite.(*)")]
    public void Rooms_form_no_circle(string rooms) => MustHold(Slices().Matching(rooms).Should().BeFreeOfCycles());

    /// <summary>Neither by itself nor through what supports it.</summary>
    [Test]
    public void No_test_of_conformance_knows_which_store_it_is()
    {
        const string Sqlite = @"^(Microsoft\.Data\.Sqlite|SQLitePCL|Dapper|Roost\.Sqlite)(\.|$)", Conformance = "Roost.Tests.Conformance";
        Architecture tests = new ArchLoader().LoadAssemblies(typeof(ConformanceTests).Assembly).Build();
        bool IsOfConformance(IType type) => type.Namespace?.FullName == Conformance;
        bool IsOfSqlite(IType type) => Regex.IsMatch(type.Namespace?.FullName ?? "", Sqlite, RegexOptions.NonBacktracking);
        HashSet<IType> support = [.. tests.Types.Where(type => !IsOfConformance(type) && type.Dependencies.Any(on => IsOfSqlite(on.Target)))];

        support.Select(type => type.Name).Should().Contain([nameof(Probe), nameof(StoreParts), nameof(FileValues)], "what is forbidden is found");
        IType[] conformance = [.. tests.Types.Where(IsOfConformance)];
        conformance.Should().HaveCountGreaterThan(30);
        conformance.SelectMany(type => type.Dependencies.Where(on => IsOfSqlite(on.Target) || support.Contains(on.Target))
            .Select(on => $"{type.Name} uses {on.Target.FullName}")).Distinct()
            .Should().BeEmpty();
    }

    [Test]
    public void The_tests_of_conformance_hold_no_SQL_and_run_on_the_store_there_is()
    {
        string[] files = Directory.GetFiles(SourceTree.PathOf("Roost.Tests", "Conformance"), "*.cs");

        files.Should().HaveCountGreaterThan(30);
        foreach (string file in files)
            File.ReadAllText(file).Should().NotMatchRegex(@"\b(SELECT|INSERT|UPDATE|DELETE|PRAGMA|CREATE TABLE|(?i:sqlite|\.db\b))", file);
        StoreHost.All.Should().ContainSingle(host => host is SqliteHost);
    }

    private static GivenTypesConjunction AboveTheStore(string but) =>
        Types().That().ResideInAssembly(typeof(RoostRuntime).Assembly).And().DoNotResideInNamespaceMatching(Sqlite).And().DoNotHaveFullNameMatching(but);

    private static void MustHold(IArchRule rule) =>
        rule.Evaluate(Library).Where(result => !result.Passed).Select(result => result.Description).Should().BeEmpty();
}
