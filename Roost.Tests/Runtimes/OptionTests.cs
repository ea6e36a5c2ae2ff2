using Roost.Tests.Support;

namespace Roost.Tests;

[TestFixture]
internal sealed class OptionTests
{
    private static IEnumerable<TestCaseData> BadOptions()
    {
        yield return Case("No_slots", new() { Concurrency = 0 }, "Concurrency", "0", "1 to 4096");
        yield return Case("Too_many_slots", new() { Concurrency = 4097 }, "Concurrency", "4097");
        yield return Case("A_lease_under_a_second", new() { LeaseTime = TimeSpan.FromMilliseconds(999) }, "LeaseTime", "00:00:00.999", "00:00:01");
        yield return Case("A_lease_over_a_day", new() { LeaseTime = TimeSpan.FromDays(2) }, "LeaseTime", "2.00:00:00");
        yield return Case("No_step_time", new() { StepTimeout = TimeSpan.Zero }, "StepTimeout", "00:00:00");
        yield return Case("A_negative_grace", new() { StepTimeoutGrace = TimeSpan.FromSeconds(-1) }, "StepTimeoutGrace", "-00:00:01");
        yield return Case("No_attempts", new() { MaxAttempts = 0 }, "MaxAttempts", "0", "1 to 1000");
        yield return Case("Fewer_retry_afters_than_none", new() { MaxRetryAfters = -1 }, "MaxRetryAfters", "-1", "0 to 1000000000");
        yield return Case("No_interruptions", new() { MaxInterruptions = 0 }, "MaxInterruptions", "0", "1 to 1000");
        yield return Case("A_negative_backoff", new() { RetryBaseDelay = TimeSpan.FromSeconds(-1) }, "RetryBaseDelay", "-00:00:01");
        yield return Case("A_longest_backoff_below_the_first", new() { RetryBaseDelay = TimeSpan.FromHours(1) }, "RetryMaxDelay", "00:05:00", "01:00:00");
        yield return Case("A_negative_slot_time", new() { SlotTime = TimeSpan.FromSeconds(-1) }, "SlotTime", "-00:00:01");
        yield return Case("A_negative_drain_time", new() { DrainTime = TimeSpan.FromSeconds(-1) }, "DrainTime", "-00:00:01");
        yield return Case("No_poll_interval", new() { PollInterval = TimeSpan.Zero }, "PollInterval", "00:00:00");
        yield return Case("No_busy_timeout", new() { BusyTimeout = TimeSpan.Zero }, "BusyTimeout", "00:00:00", "00:00:01");
        yield return Case("A_json_limit_of_nothing", new() { MaxJsonBytes = 1 }, "MaxJsonBytes", "1", "1024");
        yield return Case("A_negative_history", new() { HistoryFirst = -1 }, "HistoryFirst", "-1");
        yield return Case("No_last_version", new() { HistoryLast = 0 }, "HistoryLast", "0");
        yield return Case("A_cap_of_ten_events", new() { MaxEvents = 10 }, "MaxEvents", "10", "1000");
        yield return Case("No_queue", new() { Queues = [] }, "Queues", "default");
        yield return Case("A_queue_without_a_name", new() { Queues = [""] }, "Queues", "empty");
        yield return Case("No_json_settings", new() { Json = null! }, "Json", "null");
        yield return Case("No_clock", new() { TimeProvider = null! }, "TimeProvider", "null");
        yield return Case("No_workspace_settings", new() { Workspaces = null! }, "Workspaces", "null");
        yield return Case("An_unknown_durability", new() { Durability = (Durability)9 }, "Durability", "9", "Full");
        yield return Case("No_path", new(), "Path", "empty", "roost.db");
        yield return Case("A_blank_path", new() { Path = " " }, "Path", "empty");
        yield return Case("A_path_with_a_NUL", new() { Path = "a\0b" }, "Path", "NUL");
        yield return Case("A_file_in_memory", new() { Path = ":memory:" }, "Path", ":memory:", "CreateTemporary");
        yield return Case("A_file_uri", new() { Path = "file:roost.db?mode=memory" }, "Path", "file:roost.db", "CreateTemporary");
        yield return Case("A_path_and_a_namespace", new() { Path = "a", Namespace = "b" }, "Path", "Root or Namespace");
        yield return Case("A_namespace_without_a_root", new() { Namespace = "b" }, "Root", "missing");
        yield return Case("A_root_without_a_namespace", new() { Root = "a" }, "Namespace", "missing");
    }

    [TestCaseSource(nameof(BadOptions))]
    public void A_bad_option_is_refused(RoostOptions options, string field, string[] parts)
    {
        using var folder = new TemporaryFolder();
        RoostOptions named =
            options.Path is null && options.Root is null && options.Namespace is null && field != "Path" ? options with { Path = folder["roost.db"] } : options;

        InvalidInputException refused = FluentActions.Invoking(() => new RoostRuntime(named)).Should().Throw<InvalidInputException>().Which;

        refused.Field.Should().Be(field);
        refused.Message.Should().StartWith(field).And.ContainAll(parts);
        Directory.GetFileSystemEntries(folder.Root).Should().BeEmpty("nothing is made before the options are right");
    }

    private static TestCaseData Case(string name, RoostOptions options, string field, params string[] parts) =>
        new TestCaseData(options, field, parts).SetName(name + "_is_refused");
}
