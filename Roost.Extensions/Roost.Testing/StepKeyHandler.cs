using Roost.Testing.Http;

namespace Roost.Testing;

/// <summary>
/// Shows the verifier what is sent through a handler of a test's own, which the framework tells nobody of: put it in front of that,
/// <c>new HttpClient(new StepKeyHandler(fake))</c>. It changes nothing, and outside of a verification does nothing. What the framework's own handlers send is
/// seen without it.
/// </summary>
public sealed class StepKeyHandler : DelegatingHandler
{
    /// <summary>In front of a handler that answers.</summary>
    public StepKeyHandler(HttpMessageHandler inner) : base(inner) { }

    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        CallLog.Here?.Add(request);
        return base.SendAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        CallLog.Here?.Add(request);
        return base.Send(request, cancellationToken);
    }
}
