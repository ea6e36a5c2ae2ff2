using CsCheck;

namespace Roost.Tests;

[TestFixture]
public sealed class NamespaceTests
{
    [TestCase("acme")]
    [TestCase("acme-project-1")]
    [TestCase("a_b")]
    [TestCase("0197f3c2-8a51-7b3e-9d10-3c2f1e0d9a8b")]
    public void A_safe_lower_case_name_maps_to_itself(string name) =>
        Namespaces.Normalize(name).Should().Be(name);

    [TestCase("acme/project 1", "acme-project-1")]
    [TestCase("../../etc", "etc")]
    [TestCase("/etc/passwd", "etc-passwd")]
    [TestCase("Acme", "acme")]
    [TestCase("acme.", "acme")]
    [TestCase("con", "con")]
    [TestCase("NUL", "nul")]
    [TestCase("com1", "com1")]
    [TestCase("-rf", "rf")]
    [TestCase("\U0001F426", "x")]
    public void Any_other_name_maps_to_a_readable_form_and_a_hash(string name, string slug) =>
        Namespaces.Normalize(name).Should().MatchRegex($"^{slug}-[0-9a-f]{{20}}$");

    [Test]
    public void The_name_of_a_file_never_changes_between_releases() =>
        Namespaces.Normalize("acme/project 1").Should().Be("acme-project-1-4f8303d69a111ef39aec");

    [Test]
    public void A_name_cannot_be_chosen_to_hit_the_file_of_another()
    {
        string file = Namespaces.Normalize("acme/project 1");

        Namespaces.Normalize(file).Should().NotBe(file);
    }

    [Test]
    public void Names_that_differ_by_case_have_different_files_even_where_case_is_ignored()
    {
        string[] names = ["acme", "Acme", "ACME", "acme ", "acme.", "acm\u00e9", "acme\u0301"];

        names.Select(Namespaces.Normalize).Distinct(StringComparer.OrdinalIgnoreCase).Should().HaveCount(names.Length);
    }

    [Test]
    public void Every_name_gives_one_short_component_below_the_root_and_different_names_different_ones()
    {
        string root = Path.Combine(Path.GetTempPath(), "tenants");
        Gen.String[Gen.Char["abAB01-_./\\: ~\u00e9"], 1, 12].Array[2].Sample(pair =>
        {
            if (pair.Any(string.IsNullOrWhiteSpace))
                return;
            string[] files = [.. pair.Select(name => Namespaces.PathFor(root, name))];

            files.Should().OnlyContain(file => Path.GetDirectoryName(file) == root && Path.GetFileName(file).Length <= 103);
            (files[0] == files[1]).Should().Be(pair[0] == pair[1]);
        }, iter: 2000);
    }

    [Test]
    public void A_long_name_is_shortened_and_stays_distinct()
    {
        string first = Namespaces.Normalize(new string('a', 255) + "1");
        string second = Namespaces.Normalize(new string('a', 255) + "2");

        first.Length.Should().BeLessThan(64);
        first.Should().NotBe(second);
    }

    [TestCase("", "*empty*")]
    [TestCase("  ", "*empty*")]
    [TestCase("a\0b", "*NUL*position 1*")]
    [TestCase("a\nb", "*U+000A*")]
    public void A_name_that_breaks_a_rule_is_refused_with_the_rule(string name, string message) =>
        FluentActions.Invoking(() => Namespaces.Normalize(name)).Should().Throw<InvalidInputException>().WithMessage(message).Which.Field.Should().Be("name");

    [Test]
    public void A_lone_surrogate_is_refused() =>
        FluentActions.Invoking(() => Namespaces.Normalize("a" + (char)0xD800)).Should().Throw<InvalidInputException>().WithMessage("*surrogate*");

    [Test]
    public void An_over_long_name_is_refused_with_the_limit() =>
        FluentActions.Invoking(() => Namespaces.Normalize(new string('a', 257))).Should().Throw<InvalidInputException>().WithMessage("*257*256*");

    [Test]
    public void The_path_is_the_name_with_db_below_the_root()
    {
        string root = Path.Combine(Path.GetTempPath(), "tenants");

        Namespaces.PathFor(root, "acme").Should().Be(Path.Combine(root, "acme.db"));
        Namespaces.PathFor(Path.GetPathRoot(root)!, "acme").Should().Be(Path.Combine(Path.GetPathRoot(root)!, "acme.db"));
    }

    [Test]
    public void A_blank_root_is_refused() =>
        FluentActions.Invoking(() => Namespaces.PathFor(" ", "acme")).Should().Throw<InvalidInputException>().Which.Field.Should().Be("root");

    [TestCase("..")]
    [TestCase("../tenants-2/x")]
    [TestCase(".")]
    public void A_path_that_leaves_the_root_is_refused(string fileName) =>
        FluentActions.Invoking(() => SafeName.Under(Path.Combine(Path.GetTempPath(), "tenants"), fileName)).Should().Throw<InvalidInputException>();
}
