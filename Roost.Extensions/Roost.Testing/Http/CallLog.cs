using System.Runtime.CompilerServices;

namespace Roost.Testing.Http;

/// <summary>The HTTP calls of one try, whichever thread makes them.</summary>
internal sealed class CallLog(HttpWatch watch)
{
    private static readonly AsyncLocal<CallLog?> Current = new();

    private readonly Lock gate = new();
    private readonly List<HttpCall> calls = [];
    private readonly ConditionalWeakTable<HttpRequestMessage, object> seen = [];
    private int begun;

    /// <summary>That of the try on whose behalf this runs; null outside of one.</summary>
    public static CallLog? Here => Current.Value;

    /// <summary>Who looks: where several verifications run at once, each is told of all calls.</summary>
    public HttpWatch Watch => watch;

    /// <summary>Those whose request was seen.</summary>
    public IReadOnlyList<HttpCall> Calls
    {
        get
        {
            lock (gate) return [.. calls];
        }
    }

    /// <summary>How many more an <see cref="HttpClient"/> has begun: through a handler of the program's own, which shows its requests to nobody.</summary>
    public int Unseen
    {
        get
        {
            lock (gate) return Math.Max(0, begun - calls.Count);
        }
    }

    /// <summary>From here on, and in what the calling method awaits, calls are those of this try.</summary>
    public static CallLog Begin(HttpWatch watch) => Current.Value = new(watch);

    public void Begun()
    {
        lock (gate) begun++;
    }

    /// <summary>A request is on its way; one that is shown by several is one.</summary>
    public void Add(HttpRequestMessage request)
    {
        lock (gate)
        {
            if (!seen.TryAdd(request, this)) return;
            calls.Add(HttpCall.Of(request));
        }
    }
}
