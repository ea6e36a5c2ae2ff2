using System.CommandLine;
using System.Globalization;
using Roost.Commands.Input;
using Roost.Commands.Output;

namespace Roost.Commands.Verbs;

/// <summary>One work item with everything about it, including why it does not run.</summary>
internal sealed class StatusVerb : Verb
{
    private readonly Argument<string> id = CommonOptions.Id();

    public StatusVerb() : base("status", "Show one work item, and in words what it waits for.") => Take(id, CommonOptions.Json, CommonOptions.Watch);

    protected override Task<int> RunAsync(Call call) => call.WithItemAsync(id, (roost, workId) => call.ShowAsync(async () =>
    {
        WorkDetail item = await roost.GetAsync(workId, call.Stop);
        AskInfo? ask = item.Wait?.AskId is { } id ? await roost.GetAskAsync(id, call.Stop) : null;
        return new(() => ItemJson.Of(item), print => Show(print, item, ask));
    }));

    private static void Show(Printer print, WorkDetail item, AskInfo? ask)
    {
        WorkSummary summary = item.Summary;
        print.Fields(
            ("id", summary.Id),
            ("state", summary.State.Name()),
            ("situation", print.Hide(item.Situation)),
            ("engine", $"{summary.Engine} (queue {summary.Queue}, priority {summary.Priority.ToString(CultureInfo.InvariantCulture)})"),
            ("version", summary.Step is null ? null : $"{summary.Version.ToString(CultureInfo.InvariantCulture)}, after step {summary.Step}"),
            ("progress", summary.Progress is { } progress ? $"{print.Hide(progress.ToString())} ({Times.PastRelative(progress.At, print.Now)})" : null),
            ("attempts", item.Failures + item.Interruptions == 0 ? null : $"{item.Failures} failed, {item.Interruptions} interrupted in this step"),
            ("asked again", item.RetryAfters == 0 ? null : $"{item.RetryAfters.ToString(CultureInfo.InvariantCulture)} times in a row in this step"),
            ("created", Times.Past(summary.CreatedAt, print.Now)),
            ("updated", Times.Past(summary.UpdatedAt, print.Now)),
            ("ended", Past(summary.EndedAt, print)),
            ("ready since", Past(item.ReadySince, print)),
            ("waits for", item.Wait is { } wait ? WaitWords.Of(wait) : null),
            ("question", print.Hide(ask?.Question)),
            ("waits since", Past(item.Wait?.Since, print)),
            ("waits until", Time(item.Wait?.Until, print)),
            ("mailbox", item.Signals == 0 ? null : $"{Text.Count(item.Signals, "signal")} that no step has taken; \"roost signals\" lists them"),
            ("paused", string.Join("\n", item.Pauses.Select(pause =>
                $"{print.Hide(PauseWords.Of(pause))} (since {Times.Exact(pause.Since)}, {Times.PastRelative(pause.Since, print.Now)})"))),
            ("due", Time(item.DueAt, print)),
            ("deadline", Time(item.Deadline, print)),
            ("timeout", item.Timeout is { } timeout ? Times.Span(timeout) : null),
            ("max attempts", item.MaxAttempts?.ToString(CultureInfo.InvariantCulture)),
            ("max steps", item.MaxSteps?.ToString(CultureInfo.InvariantCulture)),
            ("idempotency key", item.IdempotencyKey),
            ("parent", item.ParentId is null ? null : item.Detached ? $"{item.ParentId} (detached)" : item.ParentId),
            ("children", item.Children.Count == 0 ? null : $"{TreePart.InWords(item.Children)}; \"roost tree\" shows them"),
            ("resources", string.Join(", ", item.Resources.Select(name => item.ResourcesHeld.Contains(name) ? $"{name} (held)" : name))),
            ("cancel asked", item.CancelRequested ? print.Hide(item.CancelReason ?? "yes") : null),
            (
                "lease",
                item.Lease is { } lease
                    ? $"worker {lease.WorkerId}, since {Times.Past(lease.ClaimedAt, print.Now)}, until {Times.Both(lease.ExpiresAt, print.Now)}"
                    : null
            )
        );
        if (item.LastFailure is { } failure)
            Show(print, failure);
        print.Fields(
            ("payload", item.PayloadError is { } damaged ? print.Hide(damaged) : print.Compact(item.Payload)),
            ("data", item.Snapshot is { } snapshot ? print.Compact(snapshot.Data) : print.Hide(item.SnapshotError)),
            (
                "artifacts",
                string.Join(
                    "\n",
                    item.Artifacts.Select(artifact =>
                        $"{Text.Line(artifact.Name)} ({Text.Line(artifact.MediaType)}, " +
                        $"{(artifact.Size is { } size ? Times.Size(size) : Text.Line(print.Hide(artifact.Uri)))})"
                    )
                )
            )
        );
    }

    private static void Show(Printer print, WorkFailure failure) =>
        print.Fields(
            (
                "last failure",
                $"{failure.Reason}{(failure.ErrorType is null ? "" : $", {failure.ErrorType}")} at attempt {failure.Attempt} of version " +
                $"{failure.Version}, {Times.Past(failure.At, print.Now)}"
            ),
            ("error", print.Hide(failure.Message)),
            ("error data", FailureLines.Data(failure.Data, print)),
            ("cause", FailureLines.Cause(failure, print)),
            ("within it", FailureLines.Within(failure, print, withStacks: false))
        );

    private static string? Time(DateTimeOffset? at, Printer print) => at is { } time ? Times.Both(time, print.Now) : null;

    private static string? Past(DateTimeOffset? at, Printer print) => at is { } time ? Times.Past(time, print.Now) : null;
}
