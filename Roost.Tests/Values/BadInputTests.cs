using System.Text.Json;
using System.Text.Json.Nodes;
using Roost.Tests.Support;

namespace Roost.Tests;

/// <summary>Each bad value gets an exception that names the field, what was found and what to do, and nothing is written.</summary>
[TestFixture]
internal sealed class BadInputTests
{
    private RoostRuntime roost = null!;
    private Dictionary<string, long> before = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        roost = TestRuntime.Create(TestRuntime.Clock());
        await roost.EnqueueAsync(new WorkItem("scripted", new { a = 1 }) { Id = "first", IdempotencyKey = "k" });
        before = FileAudit.Contents(roost.Path);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        FileAudit.Contents(roost.Path).Should().Equal(before, "nothing was written");
        await roost.DisposeAsync();
    }

    private static IEnumerable<TestCaseData> Items()
    {
        yield return Case("An_empty_id", new("e") { Id = "" }, "Id", "empty", "1 to 256");
        yield return Case("A_blank_id", new("e") { Id = "  " }, "Id", "empty", "1 to 256");
        yield return Case("An_id_over_256_characters", new("e") { Id = new('x', 257) }, "Id", "257", "256");
        yield return Case("An_id_of_ten_kilobytes", new("e") { Id = new('x', 10_240) }, "Id", "10,240", "256");
        yield return Case("A_control_character_in_an_id", new("e") { Id = "a\nb" }, "Id", "U+000A", "printable");
        yield return Case("A_NUL_in_an_id", new("e") { Id = "a\0b" }, "Id", "NUL", "position 1", "remove");
        yield return Case("Half_a_surrogate_pair_in_an_id", new("e") { Id = "a\ud800" }, "Id", "surrogate", "position 1");
        yield return Case("An_empty_engine", new(""), "Engine", "empty", "1 to 256");
        yield return Case("A_missing_engine", new(null!), "Engine", "empty", "1 to 256");
        yield return Case("An_empty_queue", new("e") { Queue = "" }, "Queue", "empty", "1 to 256");
        yield return Case("An_empty_idempotency_key", new("e") { IdempotencyKey = "" }, "IdempotencyKey", "empty", "1 to 256");
        yield return Case("An_idempotency_key_over_256_characters", new("e") { IdempotencyKey = new('k', 300) }, "IdempotencyKey", "300", "256");
        yield return Case("An_unknown_parent", new("e") { ParentId = "nobody" }, "ParentId", "nobody", "enqueue the parent first");
        yield return Case("A_negative_delay", new("e") { Delay = TimeSpan.FromSeconds(-1) }, "Delay", "-00:00:01", "must not be negative");
        yield return Case("A_huge_delay", new("e") { Delay = TimeSpan.MaxValue }, "Delay", "10675199", "10 years");
        yield return Case("A_moment_beyond_ten_years", new("e") { NotBefore = DateTimeOffset.MaxValue }, "NotBefore", "10 years");
        yield return Case("A_delay_and_a_moment", new("e") { Delay = TimeSpan.Zero, NotBefore = TestRuntime.Start }, "Delay", "not_before", "one of them");
        yield return Case(
            "A_deadline_in_the_past",
            new("e") { Deadline = TestRuntime.Start.AddSeconds(-1) },
            "Deadline", "2025-12-31 23:59:59", "2026-01-01", "ahead");
        yield return Case(
            "A_deadline_before_not_before",
            new("e") { NotBefore = TestRuntime.Start.AddHours(2), Deadline = TestRuntime.Start.AddHours(1) },
            "Deadline", "01:00:00", "02:00:00", "not_before");
        yield return Case(
            "A_deadline_before_the_delay_is_over",
            new("e") { Delay = TimeSpan.FromHours(1), Deadline = TestRuntime.Start.AddHours(1) },
            "Deadline", "01:00:00", "delay");
        yield return Case("A_deadline_of_now", new("e") { Deadline = TestRuntime.Start }, "Deadline", "past", "ahead");
        yield return Case("An_empty_resource_name", new("e") { Resources = ["a", ""] }, "Resources[1]", "empty", "1 to 256");
        yield return Case("A_null_resource_name", new("e") { Resources = [null!] }, "Resources[0]", "empty", "1 to 256");
        yield return Case("A_resource_name_over_256_characters", new("e") { Resources = [new('r', 257)] }, "Resources[0]", "257", "256");
        yield return Case("Too_many_resources", new("e") { Resources = [.. Enumerable.Range(0, 101).Select(i => $"r{i}")] }, "Resources", "101", "100");
        yield return Case("No_list_of_resources", new("e") { Resources = null! }, "Resources", "null", "leave it out");
        yield return Case("An_unknown_hold", new("e") { ResourceHold = (ResourceHold)7 }, "ResourceHold", "7", "Step", "Life");
        yield return Case("No_attempts", new("e") { MaxAttempts = 0 }, "MaxAttempts", "0", "1 to 1,000");
        yield return Case("A_timeout_of_nothing", new("e") { Timeout = TimeSpan.Zero }, "Timeout", "00:00:00", "1 ms");
        yield return Case("A_payload_that_is_an_array", new("e", new[] { 1 }), "Payload", "'['", "object");
        yield return Case("A_payload_that_is_a_string", new("e", "text"), "Payload", "string", "object");
        yield return Case("A_payload_that_is_a_number", new("e", 7), "Payload", "'7'", "object");
        yield return Case("A_payload_that_is_a_null_element", new("e", JsonElement.Parse("null")), "Payload", "'n'", "object");
        yield return Case("A_payload_that_is_no_element", new("e", default(JsonElement)), "Payload", "JsonElement", "cannot be written", "holds no value");
        yield return Case("A_payload_with_an_element_that_is_none", new("e", new { inner = default(JsonElement) }), "Payload", ".inner", "holds no value");
        yield return Case("A_payload_that_is_an_array_node", new("e", new JsonArray(1)), "Payload", "'['", "object");
        yield return Case("A_payload_of_text_that_is_an_array", WorkItem.FromJson("e", "[1]"), "Payload", "'['", "object");
        yield return Case("A_payload_of_text_that_is_no_json", WorkItem.FromJson("e", "{oops"), "Payload", "JSON");
        yield return Case("A_payload_of_empty_text", WorkItem.FromJson("e", ""), "Payload", "JSON");
        yield return Case(
            "A_payload_text_that_is_too_deep",
            WorkItem.FromJson("e", "{\"a\":" + new string('[', 65) + new string(']', 65) + "}"),
            "Payload",
            "64"
        );
        yield return Case(
            "A_payload_element_that_is_too_deep",
            new("e", JsonElement.Parse("{\"a\":" + new string('[', 65) + new string(']', 65) + "}", new() { MaxDepth = 100 })),
            "Payload",
            "64"
        );
        yield return Case("A_payload_text_with_a_key_twice", WorkItem.FromJson("e", "{\"a\":1,\"a\":2}"), "Payload", "a", "duplicate");
        yield return Case("A_payload_element_with_a_key_twice", new("e", JsonElement.Parse("{\"b\":{\"a\":1,\"a\":2}}")), "Payload", "a", "duplicate");
        yield return Case("A_key_twice_in_different_spelling", WorkItem.FromJson("e", "{\"a\":1,\"\\u0061\":2}"), "Payload", "a", "duplicate");
        yield return Case(
            "A_key_twice_inside_an_object_of_the_host",
            new("e", new { inner = JsonElement.Parse("{\"a\":1,\"a\":2}") }),
            "Payload",
            "\"a\" twice",
            "keep one"
        );
        yield return Case("A_number_that_no_double_can_hold", WorkItem.FromJson("e", "{\"a\":1e999999}"), "Payload", "1e999999", "no double");
        yield return Case("Such_a_number_in_an_element", new("e", JsonElement.Parse("{\"a\":[-1e999999]}")), "Payload", "-1e999999", "no double");
        yield return Case("A_number_that_is_none", new("e", new { a = double.NaN }), "Payload", "infinity cannot be written");
        yield return Case("A_NUL_in_the_payload", new("e", new { a = "x\0y" }), "Payload", "NUL", "remove");
        yield return Case("A_NUL_in_a_key_of_the_payload", WorkItem.FromJson("e", "{\"x\\u0000\":1}"), "Payload", "NUL", "remove");
        yield return Case("Half_a_surrogate_pair_in_the_payload_text", WorkItem.FromJson("e", "{\"a\":\"\\ud800\"}"), "Payload", "surrogate");
        yield return Case("A_payload_that_is_a_circle", new("e", Circle()), "Payload", "cycle");
        yield return Case(
            "A_payload_over_the_limit",
            new("e", new { a = new string('x', 5 * 1024 * 1024) }),
            "Payload", "5,242,", "4,194,304", "MaxJsonBytes", "artifact");
        yield return Case(
            "A_payload_text_over_the_limit",
            WorkItem.FromJson("e", "{\"a\":\"" + new string('x', 5 * 1024 * 1024) + "\"}"),
            "Payload", "5,242,", "4,194,304", "artifact");
    }

    [TestCaseSource(nameof(Items))]
    public async Task A_bad_item_is_refused(WorkItem item, string field, string[] parts)
    {
        InvalidInputException refused = (await roost.Awaiting(it => it.EnqueueAsync(item)).Should().ThrowAsync<InvalidInputException>()).Which;

        refused.Field.Should().Be(field);
        refused.Message.Should().StartWith(field).And.ContainAll(parts);
        refused.Message.Length.Should().BeLessThan(1000, "a message is for people, however large the value");
    }

    [Test]
    public async Task A_bad_item_among_good_ones_leaves_none_of_them()
    {
        InvalidInputException refused = (
            await roost.Awaiting(it => it.EnqueueAsync([new WorkItem("e"), new WorkItem("e") { Id = "" }])).Should().ThrowAsync<InvalidInputException>()
        ).Which;

        refused.Field.Should().Be("Id");
    }

    [Test]
    public async Task A_duplicate_id_among_good_items_leaves_none_of_them() =>
        await roost
            .Awaiting(it => it.EnqueueAsync([new WorkItem("e"), new WorkItem("e") { Id = "first" }]))
            .Should()
            .ThrowAsync<ConflictException>()
            .WithMessage("*first exists already*");

    [Test]
    public async Task A_duplicate_id_is_a_conflict() =>
        await roost.Awaiting(it => it.EnqueueAsync(new WorkItem("e") { Id = "first" })).Should().ThrowAsync<ConflictException>()
            .WithMessage("Work item first exists already. Leave the id out*idempotency key*");

    [Test]
    public async Task An_idempotency_key_with_another_payload_is_a_conflict() =>
        await roost.Awaiting(it => it.EnqueueAsync(new WorkItem("scripted", new { a = 2 }) { IdempotencyKey = "k" })).Should().ThrowAsync<ConflictException>()
            .WithMessage("*\"k\"*scripted*first*another payload*another key*");

    [Test]
    public async Task An_idempotency_key_with_another_id_is_a_conflict() =>
        await roost
            .Awaiting(it => it.EnqueueAsync(new WorkItem("scripted", new { a = 1 }) { Id = "second", IdempotencyKey = "k" }))
            .Should()
            .ThrowAsync<ConflictException>()
            .WithMessage("*\"k\"*first*second*");

    [Test]
    public async Task An_idempotency_key_with_the_same_payload_spelled_otherwise_is_the_same_item()
    {
        EnqueueResult again = await roost.EnqueueAsync(WorkItem.FromJson("scripted", " { \"\\u0061\" : 1 } ") with { IdempotencyKey = "k" });

        again.Should().Be(new EnqueueResult("first", false));
    }

    [Test]
    public void Payload_text_with_a_NUL_is_refused_when_it_is_given() =>
        FluentActions
            .Invoking(() => WorkItem.FromJson("e", "{}\0"))
            .Should()
            .Throw<InvalidInputException>()
            .WithMessage("payload*NUL*position 2*")
            .Which.Field.Should()
            .Be("Payload");

    [Test]
    public async Task The_reason_of_an_operator_is_bounded() =>
        (await roost.Awaiting(it => it.CancelAsync("first", new string('x', 1001))).Should().ThrowAsync<InvalidInputException>().WithMessage("*1,001*1,000*"))
            .Which.Field.Should()
            .Be("reason");

    [Test]
    public async Task An_unknown_item_is_not_found() =>
        await roost.Awaiting(it => it.CancelAsync("nobody")).Should().ThrowAsync<NotFoundException>().WithMessage($"*nobody*{roost.Path}*");

    private static TestCaseData Case(string name, WorkItem item, string field, params string[] parts) =>
        new TestCaseData(item, field, parts).SetName(name + "_is_refused");

    private static Dictionary<string, object> Circle()
    {
        var circle = new Dictionary<string, object>();
        circle["self"] = circle;
        return circle;
    }
}
