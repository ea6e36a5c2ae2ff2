using System.Diagnostics;
using System.Diagnostics.Tracing;

namespace Roost.Testing.Http;

/// <summary>
/// Sees the HTTP calls of tries by what the framework tells of them: the requests that its own handlers send, and of any other that a client has begun one.
/// </summary>
internal sealed class HttpWatch : IDisposable, IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>
{
    /// <summary>Told without an activity, which would add headers to the request.</summary>
    private const string Listener = "HttpHandlerDiagnosticListener", Request = "System.Net.Http.Request";

    private readonly Lock gate = new();
    private readonly List<IDisposable> subscriptions = [];
    private readonly Beginnings beginnings;

    public HttpWatch()
    {
        beginnings = new(this);
        Keep(DiagnosticListener.AllListeners.Subscribe(this));
    }

    public void Dispose()
    {
        beginnings.Dispose();
        lock (gate)
            foreach (IDisposable subscription in subscriptions) subscription.Dispose();
    }

    void IObserver<DiagnosticListener>.OnNext(DiagnosticListener listener)
    {
        if (listener.Name == Listener) Keep(listener.Subscribe(this, (name, _, _) => name == Request && CallLog.Here?.Watch == this));
    }

    void IObserver<KeyValuePair<string, object?>>.OnNext(KeyValuePair<string, object?> told)
    {
        if (told.Key != Request || CallLog.Here is not { } log || log.Watch != this) return;
        if (told.Value?.GetType().GetProperty("Request")?.GetValue(told.Value) is HttpRequestMessage request) log.Add(request);
    }

    void IObserver<DiagnosticListener>.OnCompleted() { }

    void IObserver<DiagnosticListener>.OnError(Exception error) { }

    void IObserver<KeyValuePair<string, object?>>.OnCompleted() { }

    void IObserver<KeyValuePair<string, object?>>.OnError(Exception error) { }

    private void Keep(IDisposable subscription)
    {
        lock (gate) subscriptions.Add(subscription);
    }

    private sealed class Beginnings(HttpWatch watch) : EventListener
    {
        protected override void OnEventSourceCreated(EventSource source)
        {
            if (source.Name == "System.Net.Http") EnableEvents(source, EventLevel.Informational);
        }

        protected override void OnEventWritten(EventWrittenEventArgs told)
        {
            if (told.EventName == "RequestStart" && CallLog.Here is { } log && log.Watch == watch) log.Begun();
        }
    }
}
