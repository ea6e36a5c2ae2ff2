using System.Diagnostics;
using Roost.Observing;
using Roost.Stores;

namespace Roost;

/// <summary>The spans of what is sent to the file from outside a step. Nothing here runs while nobody listens.</summary>
public sealed partial class RoostRuntime
{
    private Task<EnqueueResult> TracedEnqueueAsync(WorkItem item, CancellationToken cancellationToken) => Sending.AroundAsync(
        "enqueue", FileName, span => Describe(span, item), _ => EnqueueOneAsync(item, cancellationToken), Tell);

    private Task<IReadOnlyList<EnqueueResult>> TracedEnqueueAsync(IEnumerable<WorkItem> items, CancellationToken cancellationToken) =>
        Sending.AroundAsync(
            "enqueue", FileName, static _ => { }, _ => EnqueueManyAsync(items, cancellationToken),
            static (span, results) => span.SetTag(AttributeNames.BatchCount, results.Count));

    private Task<EnqueueResult> TracedEnqueueAndSignalAsync(
        WorkItem item, string name, object? payload, string? signalId, CancellationToken cancellationToken) => Sending.AroundAsync(
        "enqueue", FileName, span =>
        {
            Describe(span, item);
            span.SetTag(AttributeNames.Signal, name);
        }, _ => SignalledAsync(item, name, payload, signalId, cancellationToken), Tell);

    private Task<SignalResult> TracedSignalAsync(
        SignalTarget target, string name, object? payload, string? signalId, CancellationToken cancellationToken) => Sending.AroundAsync(
        "signal", FileName, span =>
        {
            span.SetTag(AttributeNames.Signal, name);
            if (signalId is not null) span.SetTag(AttributeNames.MessageId, signalId);
            if (target.Engine is not null) span.SetTag(AttributeNames.Engine, target.Engine);
        }, _ => SendAsync(target, name, payload, signalId, cancellationToken),
        static (span, result) => span.SetTag(AttributeNames.WorkId, result.WorkId).SetTag(AttributeNames.Created, result.Created));

    private Task<AnswerResult> TracedAnswerAsync(
        string operation, string askId, Func<Activity?, Task<AnswerResult>> answer) => Sending.AroundAsync(
        operation, FileName, span => span.SetTag(AttributeNames.Ask, askId), answer,
        static (span, result) => span.SetTag(AttributeNames.WorkId, result.WorkId).SetTag(AttributeNames.Created, result.Created));

    private static void Describe(Activity span, WorkItem? item)
    {
        if (item is null) return;
        Sending.Name(span, "enqueue", item.Queue);
        span.SetTag(AttributeNames.Engine, item.Engine);
    }

    private static void Tell(Activity span, EnqueueResult result) => span
        .SetTag(AttributeNames.MessageId, result.Id).SetTag(AttributeNames.WorkId, result.Id).SetTag(AttributeNames.Created, result.Created);

    private string FileName => OpenFiles.NameOf(Path);
}
