using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Roost.Observing;
using Roost.Stores;

namespace Roost.Execution;

/// <summary>What tracing, metrics and logs learn of one step and its commit; there is none while nobody listens.</summary>
internal sealed class StepMeasure
{
    /// <summary>The engine had nothing to say: its lease was given back uncharged.</summary>
    public const string Returned = "returned";

    /// <summary>Its item waits to be told whether an effect has happened.</summary>
    public const string Asked = "ask";

    private const string Operation = "step";

    private readonly LeasedWork lease;
    private readonly string file, engine;
    private readonly Activity? span;
    private readonly IDisposable? scope;
    private readonly long since = Stopwatch.GetTimestamp();
    private string outcome = "unsaved";
    private string? errorType = "unsaved";

    private StepMeasure(LeasedWork lease, string file, ILogger log)
    {
        (this.lease, this.file, engine) = (lease, file, lease.Lane.Engine);
        if (log.IsEnabled(LogLevel.Critical)) scope = log.BeginScope(new StepScope(lease));
        if (Spans.HasListeners) span = StartSpan();
        if (span is not null) (lease.Trace ??= new(null)).Step = span;
    }

    /// <summary>Begins to measure a step; null where nobody wants to know.</summary>
    public static StepMeasure? Begin(LeasedWork lease, string path, ILogger log) =>
        Spans.HasListeners || Meters.Steps.Enabled || Meters.StepDuration.Enabled || Meters.LeaseLosses.Enabled || log.IsEnabled(LogLevel.Critical)
            ? new(lease, OpenFiles.NameOf(path), log)
            : null;

    /// <summary>Its outcome is saved.</summary>
    public void Saved(StepCommit commit)
    {
        (outcome, errorType) = (NameOf(commit.Kind), null);
        if (commit.Next is { } next) span?.SetTag(AttributeNames.Step, next.Step);
        if (commit.Kind == OutcomeKind.Fail) Fail(FailReasons.EngineFailed, commit.Reason, null);
    }

    /// <summary>That its try has failed is saved.</summary>
    public void Failed(Failure failure, Exception? error)
    {
        outcome = "error";
        Fail(error?.GetType().FullName ?? failure.Reason, failure.Message, error);
    }

    /// <summary>It is tried again or goes back, uncharged.</summary>
    public void Ended(string outcome) => (this.outcome, errorType) = (outcome, null);

    /// <summary>Its lease was lost, and with it what it has brought.</summary>
    public void Lost()
    {
        outcome = "lost";
        Fail("lease_lost", null, null);
        if (Meters.LeaseLosses.Enabled) Meters.Count(Meters.LeaseLosses, Tags(withOutcome: false));
    }

    /// <summary>The step is over, be it saved or not.</summary>
    public void End()
    {
        if (lease.Trace is { } trace) trace.Step = null;
        if (span is not null)
        {
            span.SetTag(AttributeNames.Outcome, outcome);
            if (outcome == "unsaved") Spans.Fail(span, errorType!, null, null);
            Spans.End(span);
        }
        if (Meters.Steps.Enabled) Meters.Count(Meters.Steps, Tags());
        Meters.Record(Meters.StepDuration, Meters.StepDuration.Enabled ? since : 0, Tags());
        scope?.Dispose();
    }

    private void Fail(string type, string? message, Exception? error)
    {
        errorType = type;
        Spans.Fail(span, type, message, error);
    }

    private TagList Tags(bool withOutcome = true)
    {
        var tags = new TagList { { AttributeNames.File, file }, { AttributeNames.Engine, engine } };
        if (!withOutcome) return tags;
        tags.Add(AttributeNames.Outcome, outcome);
        if (errorType is not null) tags.Add(AttributeNames.ErrorType, errorType);
        return tags;
    }

    private Activity? StartSpan()
    {
        KeyValuePair<string, object?>[] tags =
        [
            .. Sending.Basics(Operation, "process", file), new(AttributeNames.Queue, lease.Lane.Queue), new(AttributeNames.MessageId, lease.Item.Id),
            new(AttributeNames.WorkId, lease.Item.Id), new(AttributeNames.Engine, engine), new(AttributeNames.Version, lease.Version),
            new(AttributeNames.Attempt, lease.Failures + 1),
        ];
        Activity? started = Spans.Start(Operation, ActivityKind.Consumer, tags, Links());
        if (started is not { IsAllDataRequested: true }) return started;
        started.DisplayName = $"{Operation} {lease.Lane.Queue}";
        if (lease.Interruptions > 0) started.SetTag(AttributeNames.Interruptions, lease.Interruptions);
        if (lease.Wake is { } wake) started.SetTag(AttributeNames.Wake, NameOf(wake.Kind));
        return started;
    }

    /// <summary>To whoever has enqueued the item, and to who sent what woke it or took it back; each try of a step has the same.</summary>
    private List<ActivityLink>? Links()
    {
        List<ActivityLink>? links = null;
        Add(lease.Trace?.Origin, "enqueue");
        Add(lease.Wake?.Signal?.Trace, "signal");
        Add(lease.Wake?.Answer?.Trace, "answer");
        Add(lease.Wake?.WithdrawalTrace, "withdraw");
        return links;

        void Add(string? stored, string origin)
        {
            if (Spans.LinkTo(stored, origin) is { } link) (links ??= []).Add(link);
        }
    }

    private static string NameOf(OutcomeKind kind) => kind switch
    {
        OutcomeKind.Continue => "continue",
        OutcomeKind.Wait => "wait",
        OutcomeKind.Done => "done",
        OutcomeKind.Fail => "fail",
        _ => throw new UnreachableException($"The outcome {kind} has no name yet."),
    };

    private static string NameOf(WakeKind kind) => kind switch
    {
        WakeKind.Signal => "signal",
        WakeKind.Answer => "answer",
        WakeKind.Withdrawn => "withdrawn",
        WakeKind.Timeout => "timeout",
        WakeKind.Children => "children",
        _ => throw new UnreachableException($"What wakes by {kind} has no name yet."),
    };
}
