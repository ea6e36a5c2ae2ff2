namespace Roost.AspNetCore;

/// <summary>One console: what it looks into, and where in its host it stands.</summary>
internal sealed class ConsoleMount
{
    private readonly Lazy<RoostRuntime> runtime;
    private readonly Func<HttpContext, Exception, Task> report;

    /// <param name="prefix">Of every address, without a slash at its end; empty where the console has its host for itself.</param>
    /// <param name="options">The settings.</param>
    /// <param name="runtime">Found when it is first needed.</param>
    /// <param name="report">Takes down a defect of the console itself.</param>
    /// <param name="reportedTo">Where that is, in words.</param>
    public ConsoleMount(string prefix, ConsoleOptions options, Func<RoostRuntime> runtime, Func<HttpContext, Exception, Task> report, string reportedTo)
    {
        Prefix = prefix;
        Options = options;
        this.runtime = new(runtime);
        this.report = report;
        ReportedTo = reportedTo;
        Secrets = new(options.SecretKeys, options.Reveal);
    }

    public string Prefix { get; }

    public ConsoleOptions Options { get; }

    public RoostRuntime Runtime => runtime.Value;

    public Output.SecretKeys Secrets { get; }

    public Notes Notes { get; } = new();

    public string ReportedTo { get; }

    public Task ReportAsync(HttpContext context, Exception defect) => report(context, defect);

    public static ConsoleMount Of(HttpContext context) =>
        context.Features.Get<ConsoleMount>() ?? throw new InvalidOperationException($"{context.Request.Path} is no address of a console of Roost.");

    /// <summary>A request's address as the console itself knows it: <c>/work</c> wherever that is mapped.</summary>
    public string Within(HttpRequest request) => request.Path.Value is { } path && path.Length > Prefix.Length ? path[Prefix.Length..] : "/";

    /// <summary>What every answer is made with.</summary>
    public RequestDelegate Serve(RequestDelegate page) => context =>
    {
        context.Features.Set(this);
        SecurityHeaders.Set(context.Response.Headers);
        return Problems.CatchAsync(context, page);
    };
}

/// <summary>
/// What comes before every address of the console at hand: the base path of the host, and where it is mapped. Empty where it has a host for itself.
/// </summary>
internal sealed class ConsoleRoot(IHttpContextAccessor accessor)
{
    private readonly string root = accessor.HttpContext is { } context ? context.Request.PathBase + ConsoleMount.Of(context).Prefix : "";

    public override string ToString() => root;
}
