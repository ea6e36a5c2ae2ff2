using System.Collections.Concurrent;
using System.Diagnostics;

namespace Roost.Tests.Support;

/// <summary>Listens to the spans of Roost, and to a source for what a test starts itself, until it is disposed. Tests of it run alone.</summary>
internal sealed class Traces : IDisposable
{
    private static readonly ActivitySource Source = new("Roost.Tests");
    private readonly ConcurrentQueue<Activity> ended = new();
    private readonly ActivityListener listener;

    /// <param name="sampling">What becomes of the spans of Roost.</param>
    public Traces(ActivitySamplingResult sampling = ActivitySamplingResult.AllDataAndRecorded)
    {
        listener = new()
        {
            ShouldListenTo = static source => source.Name is "Roost" or "Roost.Tests",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Source.Name == "Roost" ? sampling : ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
    }

    /// <summary>A span of the test's own, until it is disposed.</summary>
    public static Activity Begin(string name) => Source.StartActivity(name)!;

    /// <summary>The spans of an operation that have ended, in that order.</summary>
    public List<Activity> Of(string operation) => [.. ended.Where(each => each.OperationName == $"roost.{operation}")];

    /// <summary>The steps of an item, in their order.</summary>
    public List<Activity> StepsOf(string workId) => Of("step").FindAll(each => each.GetTagItem("roost.work_id") as string == workId);

    /// <summary>Where a span's links lead, and what came from there.</summary>
    public static IEnumerable<string> LinksOf(Activity span) =>
        span.Links.Select(link => $"{link.Tags!.Single(tag => tag.Key == "roost.origin").Value} {link.Context.TraceId} {link.Context.SpanId}");

    /// <summary>How a link to this span is told.</summary>
    public static string To(Activity span, string origin) => $"{origin} {span.TraceId} {span.SpanId}";

    public void Dispose() => listener.Dispose();
}
