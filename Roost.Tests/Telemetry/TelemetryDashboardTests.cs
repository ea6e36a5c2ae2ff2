using System.Text.Json;
using System.Text.RegularExpressions;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>docs/dashboard.json asks for metrics that there are, by the names that Prometheus gives them.</summary>
[TestFixture]
internal sealed class TelemetryDashboardTests
{
    private static readonly JsonElement Dashboard = JsonDocument.Parse(File.ReadAllText(SourceTree.PathOf("docs", "dashboard.json"))).RootElement;

    [Test]
    public void Each_metric_that_a_panel_asks_for_is_in_the_table_and_each_of_the_table_is_shown()
    {
        string[] queries = [.. Queries()];
        HashSet<string> known = [.. TelemetryPage.Instruments().SelectMany(PrometheusNames)];
        IEnumerable<string> asked = queries.SelectMany(query => Regex.Matches(query, @"\b(\w+)(?=\{)").Select(match => match.Groups[1].Value));

        asked.Should().NotBeEmpty().And.BeSubsetOf(known);
        foreach (TelemetryPage.Instrument instrument in TelemetryPage.Instruments())
            PrometheusNames(instrument).Should().Contain(name => queries.Any(query => query.Contains(name + "{")), instrument.Name);
    }

    [Test]
    public void Each_label_that_a_panel_goes_by_is_an_attribute_of_the_table()
    {
        HashSet<string> known = [.. TelemetryPage.Instruments().SelectMany(instrument => instrument.Attributes.Split(' ')).Select(Underscored), "le"];
        IEnumerable<string> used = Queries().SelectMany(query =>
            Regex.Matches(query, @"by \(([^)]*)\)").SelectMany(match => match.Groups[1].Value.Split(", "))
                .Concat(Regex.Matches(query, @"\b(\w+)=").Select(match => match.Groups[1].Value)));

        used.Should().NotBeEmpty().And.BeSubsetOf(known);
    }

    [Test]
    public void It_is_a_dashboard_of_panels_that_each_have_a_place_a_title_and_a_query()
    {
        Dashboard.GetProperty("schemaVersion").GetInt32().Should().BeGreaterThan(30);
        JsonElement[] panels = [.. Dashboard.GetProperty("panels").EnumerateArray()];
        panels.Select(panel => panel.GetProperty("id").GetInt32()).Should().OnlyHaveUniqueItems().And.HaveCountGreaterThan(8);
        foreach (JsonElement panel in panels)
        {
            panel.GetProperty("title").GetString().Should().NotBeNullOrWhiteSpace();
            panel.GetProperty("gridPos").GetProperty("w").GetInt32().Should().BeInRange(1, 24);
            panel.GetProperty("targets").EnumerateArray().Should().NotBeEmpty();
        }
    }

    private static IEnumerable<string> Queries() => Dashboard.GetProperty("panels").EnumerateArray()
        .SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!);

    /// <summary>Dots become underscores, then comes the unit where it is one, and what the kind adds.</summary>
    private static string[] PrometheusNames(TelemetryPage.Instrument instrument)
    {
        string name = Underscored(instrument.Name) + instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        return instrument.Kind switch
        {
            "counter" => [$"{name}_total"],
            "histogram" => [$"{name}_bucket", $"{name}_sum", $"{name}_count"],
            _ => [name],
        };
    }

    private static string Underscored(string name) => name.Replace('.', '_');
}
