using System.Net;
using Roost.Tests.Support;
using Roost.Tests.Web;

namespace Roost.Tests.Reliability;

/// <summary>Any request is answered with a page or with what is wrong with it: no defect, no hang, nothing changed by what was refused.</summary>
[TestFixture]
[Category("Reliability")]
internal sealed class ConsoleRequestTests
{
    private static readonly string[] Pages =
    [
        "/", "/work", "/work/item", "/work/tree", "/work/item/artifact", "/work/item/file", "/inbox", "/inbox/question", "/dead-letters", "/events",
        "/resources", "/artifacts", "/engines", "/system", "/assets/console.js", "/nowhere",
    ];
    private static readonly string[] Parameters =
    [
        "id", "q", "state", "engine", "queue", "resource", "parent", "error", "cursor", "name", "version", "from", "to", "kind", "reason-is", "type",
        "all", "count", "note", "show", "token", "x", "for",
    ];
    private static readonly string[] Verbs =
    [
        "cancel", "requeue", "priority", "release", "retry", "discard", "retry-all", "discard-all", "signal", "answer", "withdraw", "nothing",
    ];
    private static readonly string[] Fields =
    [
        "id", "reason", "priority", "back", "engine", "queue", "reason-is", "type", "error", "name", "payload", "signal_id", "answer",
        "by", "comment",
    ];
    private static readonly string[] Encoded =
    [
        "%00", "%", "%zz", "%ed%a0%80", "%c0%af", "%ff", "%2e%2e%2f", "+", "%0d%0aX-Evil:%201", "&&==", "%F4%90%80%80", "-1", "0",
        "99999999999999999999", "2147483648", "1e9", "queued", "quick", "1",
    ];

    private ConsoleHost host = null!;
    private string id = "";

    [SetUp]
    public async Task StartAsync()
    {
        host = await ConsoleHost.StartAsync(null, new ConsoleEngine());
        id = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "artifacts" }));
        await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "fail once" }) { MaxAttempts = 1 });
        await host.Roost.RunUntilIdleAsync();
    }

    [TearDown]
    public async Task StopAsync() => await host.DisposeAsync();

    [Test]
    public async Task Any_query_is_answered_with_a_page_or_with_what_is_wrong()
    {
        var random = new Random(Effort.Seed());
        int tries = Effort.Times(600, 20_000), refused = 0;
        Dictionary<string, long> before = FileAudit.Contents(host.Roost.Path);
        for (int i = 0; i < tries; i++)
        {
            string page = Pages[random.Next(Pages.Length)];
            string query = string.Join(
                '&',
                Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"{Parameters[random.Next(Parameters.Length)]}={Value(random)}")
            );
            using HttpResponseMessage answer = await host
                .Client.GetAsync(
                    new Uri(
                        $"{host.Root.GetLeftPart(UriPartial.Authority)}{page}?{query}",
                        new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
                    )
                )
                .WaitAsync(Gate.Patience);
            string text = await answer.Content.ReadAsStringAsync();
            ((int)answer.StatusCode).Should().BeLessThan(500, "{0}?{1}: {2}", page, query, text);
            if (answer.Content.Headers.ContentType?.MediaType == "text/html") HtmlCheck.Dangers(text).Should().BeEmpty("{0}?{1}", page, query);
            if (!answer.IsSuccessStatusCode) refused++;
        }
        FileAudit.Contents(host.Roost.Path).Should().Equal(before, "what is read changes nothing");
        Effort.Report($"{tries} queries of {Pages.Length} pages: {refused} refused with what is wrong, no defect");
    }

    [Test]
    public async Task Any_form_is_carried_out_or_refused_with_what_is_wrong()
    {
        var random = new Random(Effort.Seed());
        int tries = Effort.Times(300, 10_000), refused = 0;
        string waiting = await host.Roost.EnqueueAsync(new WorkItem("probe", new { what = "wait" }));
        string form = await host.FormTokenAsync(ConsoleHost.ItemAddress(waiting));
        for (int i = 0; i < tries; i++)
        {
            Dictionary<string, string> fields = Fields
                .Where(_ => random.Next(2) == 0)
                .ToDictionary(
                    field => field,
                    _ =>
                        random.Next(4) switch
                        {
                            0 => id,
                            1 => "5",
                            _ => WithoutHalves(Hostile.Text(random)),
                        }
                );
            string verb = Verbs[random.Next(Verbs.Length)];
            Dictionary<string, long> before = FileAudit.Contents(host.Roost.Path);
            using HttpResponseMessage answer = await host.PostAsync(verb, fields, form: form).WaitAsync(Gate.Patience);
            string what = $"{verb} {string.Join(' ', fields.Select(field => $"{field.Key}={field.Value}"))}";
            ((int)answer.StatusCode).Should().BeLessThan(500, what);
            if (answer.Headers.Location is { } there)
            {
                there.OriginalString.Should().StartWith("/").And.NotStartWith("//").And.NotStartWith("/\\");
                continue;
            }
            refused++;
            FileAudit.Contents(host.Roost.Path).Should().Equal(before, "nothing is changed by {0}", what);
        }
        FileAudit.MustAgree(host.Roost.Path);
        Effort.Report($"{tries} forms, {refused} refused with what is wrong, no defect");
    }

    [TestCase("/work?q=\u00e9")]
    [TestCase("/\U0001F426")]
    [TestCase("/work\u202e")]
    [TestCase("/ //evil.example")]
    public async Task A_way_back_that_no_header_can_hold_leads_to_the_overview(string back)
    {
        string form = await host.FormTokenAsync("/dead-letters");
        using HttpResponseMessage answer = await host.PostAsync("retry-all", new() { ["back"] = back }, form: form);
        answer.StatusCode.Should().Be(HttpStatusCode.Redirect);
        answer.Headers.Location!.OriginalString.Should().StartWith("/?note=");
    }

    private static IEnumerable<TestCaseData> Requests()
    {
        const string Close = "Connection: close\r\n";
        yield return Case("An_address_of_sixteen_kilobytes", "GET /?" + new string('x', 16_384) + " HTTP/1.1\r\nHost: {host}\r\n\r\n", 414);
        yield return Case("Headers_of_a_megabyte", "GET / HTTP/1.1\r\nHost: {host}\r\nX: " + new string('x', 1 << 20) + "\r\n\r\n", 431);
        string headers = string.Concat(Enumerable.Range(0, 1000).Select(i => $"X{i}: x\r\n"));
        yield return Case("A_thousand_headers", "GET / HTTP/1.1\r\nHost: {host}\r\n" + headers + "\r\n", 431);
        yield return Case("A_body_that_says_it_has_a_gigabyte", "POST /actions/cancel HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nOrigin: " +
            "{origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1073741824\r\n" + Close + "\r\nid=x", 400, 413);
        yield return Case("Chunks_of_ten_megabytes", "POST /actions/cancel HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nOrigin: " +
            "{origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n" + Close +
            "\r\nA00000\r\nid=" + new string('x', 0xA00000 - 3) + "\r\n0\r\n\r\n", 400, 413);
        yield return Case("Thousands_of_fields", Form(string.Join('&', Enumerable.Range(0, 5000).Select(i => $"f{i}=x")), Close), 400, 413);
        yield return Case("A_field_name_of_ten_kilobytes", Form(new string('k', 10_240) + "=x", Close), 400, 413);
        yield return Case(
            "A_form_in_parts_without_a_boundary",
            "POST /actions/cancel HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nOrigin: {origin}\r\nContent-Type: " +
            "multipart/form-data\r\nContent-Length: 3\r\n"
                + Close
                + "\r\nabc",
            400
        );
        yield return Case(
            "A_form_in_parts_that_is_cut",
            "POST /actions/cancel HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nOrigin: {origin}\r\nContent-Type: multipart/form-data; " +
            "boundary=b\r\nContent-Length: 30\r\n"
                + Close
                + "\r\n--b\r\nContent-Disposition: form-",
            400
        );
        yield return Case("Two_hosts", "GET / HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\n\r\n", 400);
        yield return Case("No_host", "GET / HTTP/1.1\r\n\r\n", 400);
        yield return Case("Another_host_in_the_address", "GET http://evil.example/ HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n", 400, 421);
        yield return Case("Two_lengths", "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc", 400);
        yield return Case(
            "A_length_and_chunks",
            "POST /actions/cancel HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            401
        );
        yield return Case("A_negative_length", "POST / HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n", 400);
        yield return Case("A_NUL_in_the_address", "GET /\0 HTTP/1.1\r\nHost: {host}\r\n\r\n", 400);
        yield return Case("A_way_out_of_the_assets", "GET /assets/../../../etc/passwd HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n", 404);
        yield return Case(
            "A_hidden_way_out_of_the_assets",
            "GET /assets/..%2f..%2f..%2fetc%2fpasswd HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n",
            404
        );
        yield return Case("A_method_of_its_own", "DROP /work HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nOrigin: {origin}\r\n\r\n", 403, 404, 405);
        yield return Case("TRACE", "TRACE / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n", 403, 404, 405);
        yield return Case("Noise", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000", 400);
    }

    [TestCaseSource(nameof(Requests))]
    public async Task A_request_that_breaks_the_protocol_or_a_bound_is_refused_and_the_next_is_answered(string request, int[] allowed)
    {
        string cookie = await host.CookieAsync();
        using RawRequest raw = await RawRequest.OpenAsync(host.Root);
        string authority = host.Root.Authority;
        Task<int?> answer = raw.StatusAsync(); // A write that fails once the server has closed would lose what can be read.
        await raw.SendAsync(
            request
                .Replace("{host}", authority, StringComparison.Ordinal)
                .Replace("{origin}", $"http://{authority}", StringComparison.Ordinal)
                .Replace("{cookie}", cookie, StringComparison.Ordinal)
        );

        int? status = await answer;

        status.Should().NotBeNull("every request is answered");
        allowed.Should().Contain(status!.Value);
        (await host.Client.GetAsync(new Uri("/work", UriKind.Relative))).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Test]
    public async Task The_greeting_of_the_next_protocol_is_answered_in_it_with_the_one_to_use()
    {
        using RawRequest raw = await RawRequest.OpenAsync(host.Root);
        await raw.SendAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

        byte[] answer = await raw.StartAsync();

        answer.Should().HaveCount(17);
        (answer[3], answer[16]).Should().Be((7, 13), "a GOAWAY that says HTTP_1_1_REQUIRED");
        (await host.Client.GetAsync(new Uri("/work", UriKind.Relative))).StatusCode.Should().Be(HttpStatusCode.OK);
    }

    private string Value(Random random) => random.Next(6) switch
    {
        0 => Encoded[random.Next(Encoded.Length)],
        2 => id,
        1 => Uri.EscapeDataString(WithoutHalves(new string((char)random.Next(0x20, 0xD7FF), random.Next(1, 500)))),
        _ => Uri.EscapeDataString(WithoutHalves(Hostile.Text(random))),
    };

    private static string WithoutHalves(string text) => string.Concat((text.Length > 1500 ? text[..1500] : text).Select(c => char.IsSurrogate(c) ? '?' : c));

    private static string Form(string body, string close) =>
        $"POST /actions/cancel HTTP/1.1\r\nHost: {{host}}\r\nCookie: {{cookie}}\r\nOrigin: {{origin}}\r\nContent-Type: " +
        $"application/x-www-form-urlencoded\r\nContent-Length: {body.Length}\r\n{close}\r\n{body}";

    private static TestCaseData Case(string name, string request, params int[] allowed) =>
        new TestCaseData(request, allowed).SetName(name + "_is_refused_and_the_next_is_answered");
}
