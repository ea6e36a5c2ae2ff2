using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Roost.Tests.Web;

/// <summary>What a person edits in a form of the console: a dead letter's state, a payload.</summary>
[TestFixture]
internal sealed partial class ConsoleEditTests
{
    private ConsoleHost host = null!;

    [SetUp]
    public async Task StartAsync() => host = await ConsoleHost.StartAsync(null, new ConsoleEngine());

    [TearDown]
    public async Task EndAsync() => await host.DisposeAsync();

    [Test]
    public async Task A_dead_letter_is_retried_from_the_state_in_the_form_and_what_is_masked_stays()
    {
        string id = await FailedAsync();
        string page = await host.ReadAsync(ConsoleHost.ItemAddress(id)), text = Edited(page);
        page.Should().Contain("Edit and retry").And.NotContain("sk-hidden");
        text.Should().Contain("\"api_key\": \"***\"").And.Contain("\"count\": 0");

        string mended = text.Replace("\"count\": 0", "\"count\": 2", StringComparison.Ordinal);
        using HttpResponseMessage answer = await PostAsync("retry-edited", id, "state", mended, "1");

        (await NoteAsync(answer)).Should().Contain("queued again from the state that you gave");
        Snapshot snapshot = await host.Roost.GetSnapshotAsync(id);
        (snapshot.Version, snapshot.DataAs<ConsoleState>()).Should().Be((2, new ConsoleState(2, "sk-hidden", ConsoleEngine.Markup)));
        (await host.ReadAsync(ConsoleHost.ItemAddress(id))).Should().NotContain("sk-hidden").And.NotContain("Edit and retry");
        (await host.ReadAsync($"/events?id={id}")).Should().Contain("edited").And.NotContain("sk-hidden");
    }

    [TestCase("{", "1", "state: is no JSON")]
    [TestCase("""{"count":"many","api_key":"x","note":"y"}""", "1", "state: cannot be read as")]
    [TestCase("""{"count":1,"api_key":"x","note":"***"}""", "1", "state: holds the mask *** at $.note")]
    [TestCase("""{"count":1,"api_key":"x","note":"y"}""", "2", "version 1, not 2")]
    [TestCase("""{"count":1,"api_key":"x","note":"y"}""", "", "version: ")]
    public async Task What_is_wrong_with_it_is_told_and_nothing_is_changed(string state, string version, string says)
    {
        string id = await FailedAsync();

        using HttpResponseMessage answer = await PostAsync("retry-edited", id, "state", state, version);

        (await NoteAsync(answer)).Should().Contain(says);
        (await host.Roost.GetDeadLetterAsync(id)).Item.Version.Should().Be(1);
    }

    [Test]
    public async Task What_is_over_runs_again_with_the_payload_in_the_form()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "", password = "sk-hidden", n = 1 }));
        await host.Roost.RunUntilIdleAsync();
        string text = Edited(await host.ReadAsync(ConsoleHost.ItemAddress(id)));
        text.Should().NotContain("sk-hidden");

        using HttpResponseMessage answer = await PostAsync("run-again", id, "payload", text.Replace("\"n\": 1", "\"n\": 2", StringComparison.Ordinal));

        string note = await NoteAsync(answer), again = Made().Match(note).Groups[1].Value;
        (await host.Roost.GetAsync(again)).Payload.GetRawText().Should().Be("""{"what":"","password":"sk-hidden","n":2}""");
        (await host.ReadAsync($"/events?id={id}")).Should().Contain("run_again").And.NotContain("sk-hidden");
    }

    [Test]
    public async Task What_is_too_long_for_a_form_is_run_again_as_it_is()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "", text = new string('x', 20_000) }));
        await host.Roost.RunUntilIdleAsync();
        (await host.ReadAsync(ConsoleHost.ItemAddress(id))).Should().Contain("Run again").And.NotContain("<textarea");

        using HttpResponseMessage answer = await PostAsync("run-again", id);

        string again = Made().Match(await NoteAsync(answer)).Groups[1].Value;
        JsonElement payload = (await host.Roost.GetAsync(again)).Payload;
        payload.GetProperty("text").GetString().Should().HaveLength(20_000);
    }

    private async Task<string> FailedAsync()
    {
        string id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail out of luck" }) { MaxAttempts = 1 });
        await host.Roost.RunUntilIdleAsync();
        return id;
    }

    private async Task<HttpResponseMessage> PostAsync(string action, string id, string? field = null, string? text = null, string? version = null)
    {
        var fields = new Dictionary<string, string> { ["id"] = id, ["back"] = ConsoleHost.ItemAddress(id) };
        if (field is not null) fields[field] = text!;
        if (version is not null) fields["version"] = version;
        return await host.PostAsync(action, fields, form: await host.FormTokenAsync(ConsoleHost.ItemAddress(id)));
    }

    private async Task<string> NoteAsync(HttpResponseMessage answer)
    {
        answer.StatusCode.Should().Be(HttpStatusCode.Redirect);
        string page = await host.ReadAsync(answer.Headers.Location!.OriginalString);
        return WebUtility.HtmlDecode(Note().Match(page).Groups[1].Value);
    }

    private static string Edited(string page) => WebUtility.HtmlDecode(Area().Match(page).Groups[1].Value);

    [GeneratedRegex("<textarea[^>]*>([^<]*)</textarea>")]
    private static partial Regex Area();

    [GeneratedRegex("role=\"(?:status|alert)\"[^>]*>([^<]*)<")]
    private static partial Regex Note();

    [GeneratedRegex("runs again as ([0-9a-f-]{36})")]
    private static partial Regex Made();
}
