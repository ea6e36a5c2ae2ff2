using System.CommandLine;
using System.Globalization;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>What has failed for good: look at it, retry it, or give it up, one by one or by filter.</summary>
internal static class DeadLettersVerb
{
    public static Command Create()
    {
        var all = new ListDeadLetters("dead-letters", "List what has failed; retry or discard it.");
        all.Subcommands.Add(new ListDeadLetters("list", "List what has failed, last failed first."));
        all.Subcommands.Add(new GroupDeadLetters());
        all.Subcommands.Add(new ShowDeadLetter());
        all.Subcommands.Add(new ChangeDeadLetters("retry", "Queue dead letters again: those named, or all that the filter means.", "retried",
            (roost, id, reason) => roost.RetryAsync(id, reason), (roost, filter, reason, stop) => roost.RetryAllAsync(filter, reason, stop), new()));
        all.Subcommands.Add(new ChangeDeadLetters("discard", "Give dead letters up: those named, or all that the filter means.", "discarded",
            (roost, id, reason) => roost.DiscardAsync(id, reason), (roost, filter, reason, stop) => roost.DiscardAllAsync(filter, reason, stop)));
        return all;
    }

    private sealed class ListDeadLetters : Verb
    {
        private readonly DeadLetterOptions filter = new();
        private readonly Option<int> limit = new("--limit", "-n") { Description = "How many at most.", DefaultValueFactory = _ => 50 };
        private readonly Option<string> cursor = new("--cursor") { Description = "Goes on where an earlier page ended: the next of its --json." };

        public ListDeadLetters(string name, string description) : base(name, description)
        {
            Take(filter.All);
            Take(limit, cursor, CommonOptions.Json, CommonOptions.Watch);
        }

        protected override async Task<int> RunAsync(Call call)
        {
            await using RoostRuntime roost = call.Open();
            return await call.ShowAsync(async () =>
            {
                Page<DeadLetter> page = await FullPage.ReadAsync(call.Get(limit), call.Get(cursor), (most, from) =>
                    roost.ListDeadLettersAsync(filter.Of(call), most, from, call.Stop)
                );
                return new(page, print => Show(print, page));
            });
        }

        private static void Show(Printer print, Page<DeadLetter> page)
        {
            print.Table(
                ["id", "engine", "reason", "error type", "attempt", "failed", "error"],
                page.Items.Select(each => new[]
                {
                    print.Id(each.Item.Id), each.Item.Engine, each.Failure.Reason, each.Failure.CauseType ?? each.Failure.ErrorType ?? "",
                    each.Failure.Attempt.ToString(CultureInfo.InvariantCulture), print.Time(each.Failure.At),
                    Text.Short(print.Hide(each.Failure.CauseMessage ?? each.Failure.Message), 80),
                }),
                "No dead letter is like that.");
            if (page.Next is not null) Console.Error.WriteLine($"More: --cursor {page.Next}");
        }
    }

    private sealed class GroupDeadLetters : Verb
    {
        private readonly Option<int> limit = new("--limit", "-n") { Description = "How many groups at most.", DefaultValueFactory = _ => 50 };

        public GroupDeadLetters()
            : base("groups", "Count what has failed alike, the largest group first; --group of list, retry and discard takes its key.") =>
            Take(limit, CommonOptions.Json, CommonOptions.Watch);

        protected override async Task<int> RunAsync(Call call)
        {
            await using RoostRuntime roost = call.Open();
            return await call.ShowAsync(async () =>
            {
                DeadLetterGroupList groups = await roost.ListDeadLetterGroupsAsync(call.Get(limit), call.Stop);
                return new(groups, print => Show(print, groups));
            });
        }

        private static void Show(Printer print, DeadLetterGroupList groups)
        {
            print.Table(
                ["group", "count", "engine", "reason", "error type", "first", "last", "error"],
                groups.Items.Select(each => new[]
                {
                    each.Key, Text.Number(each.Count), each.Engine, each.Reason, each.ErrorType ?? "",
                    print.Time(each.FirstFailedAt), print.Time(each.LastFailedAt), Text.Short(print.Hide(each.LastError), 80),
                }),
                groups.Total == 0 ? "Nothing has failed for good." : "No dead letter is in a group.");
            if (groups.Others == 0) return;
            Console.Error.WriteLine(groups.IsComplete
                ? $"{Text.Number(groups.Others)} more failed before groups were kept: --group {DeadLetterFilter.NoGroup}"
                : $"{Text.Number(groups.Others)} more are in smaller groups, or failed before groups were kept; --limit shows more groups.");
        }
    }

    private sealed class ShowDeadLetter : Verb
    {
        private readonly Argument<string> id = new Argument<string>("id")
        {
            Description = "The dead letter: its id, or a unique beginning or end of it.",
        }.OffersDeadLetters();

        public ShowDeadLetter()
            : base("show", "Show one dead letter with the exceptions within its error, their stack traces and its last snapshot.") =>
            Take(id, CommonOptions.Json);

        protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, (roost, workId) => call.ShowAsync(async () =>
        {
            DeadLetter letter = await roost.GetDeadLetterAsync(workId, call.Stop);
            return new(letter, print => print.Fields(
                ("id", letter.Item.Id),
                ("engine", letter.Item.Engine),
                ("reason", letter.Failure.Reason),
                ("failed", Times.Past(letter.Failure.At, print.Now)),
                ("attempt", $"{letter.Failure.Attempt} of version {letter.Failure.Version}"),
                ("error type", letter.Failure.ErrorType),
                ("error", print.Hide(letter.Failure.Message)),
                ("error data", FailureLines.Data(letter.Failure.Data, print)),
                ("cause", FailureLines.Cause(letter.Failure, print)),
                ("group", letter.Group),
                ("data", letter.Snapshot is { } snapshot ? print.Compact(snapshot.Data) : print.Hide(letter.SnapshotError)),
                ("stack", print.Hide(letter.Failure.Stack)),
                ("within it", FailureLines.Within(letter.Failure, print, withStacks: true))));
        }));
    }
}
