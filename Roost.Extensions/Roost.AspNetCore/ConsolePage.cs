using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace Roost.AspNetCore;

/// <summary>What every page needs: the runtime, the request's query, the clock.</summary>
public abstract class ConsolePage : ComponentBase
{
    [Inject] internal ConsoleMount Mount { get; set; } = null!;

    /// <summary>How the host has set the console up.</summary>
    [Inject] public ConsoleOptions Options { get; set; } = null!;

    /// <summary>Where the request comes from.</summary>
    [Inject] public IHttpContextAccessor Accessor { get; set; } = null!;

    /// <summary>The runtime whose file the page shows.</summary>
    protected RoostRuntime Roost => Mount.Runtime;

    /// <summary>The request that is answered.</summary>
    protected HttpContext Context => Accessor.HttpContext!;

    /// <summary>Fires when whoever asked has gone.</summary>
    protected CancellationToken Aborted => Context.RequestAborted;

    /// <summary>The time by the runtime's clock.</summary>
    protected DateTimeOffset Now => Roost.Options.TimeProvider.GetUtcNow();

    /// <summary>Reads all that the page shows, before it is drawn for the first and only time.</summary>
    protected virtual Task LoadAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public override async Task SetParametersAsync(ParameterView parameters)
    {
        parameters.SetParameterProperties(this);
        await LoadAsync();
        await base.SetParametersAsync(ParameterView.Empty);
    }

    /// <summary>A field of the address; null where it is missing or empty.</summary>
    protected string? Query(string name) => Context.Request.Query[name] is [{ Length: > 0 } value] ? value : null;

    /// <summary>A whole number of the address; null where it is missing or empty.</summary>
    /// <exception cref="InvalidInputException">It is something else.</exception>
    protected int? Number(string name)
    {
        if (Query(name) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new InvalidInputException(name, $"\"{text}\" is not a whole number.");
    }

    /// <summary>The span that the page's counts of steps are of.</summary>
    protected StatisticsSpan Over => Query("over") is not { } text ? StatisticsSpan.Hour
        : Enum.TryParse(text, ignoreCase: true, out StatisticsSpan span) && Enum.IsDefined(span) ? span
        : throw new InvalidInputException("over", $"is \"{text}\"; it must be hour, day or week.");

    /// <summary>This page's address for another span.</summary>
    protected string For(StatisticsSpan span) => With(("over", span == StatisticsSpan.Hour ? null : span.ToString().ToLowerInvariant()));

    /// <summary>This page's address within the console with some fields changed; null takes a field out.</summary>
    protected string With(params (string Name, string? Value)[] changes)
    {
        var fields = Context.Request.Query.Where(field => field.Key != "note").ToDictionary(field => field.Key, field => (string?)field.Value.ToString());
        foreach ((string name, string? value) in changes) fields[name] = value;
        return Mount.Within(Context.Request) + QueryString.Create(fields.Where(field => !string.IsNullOrEmpty(field.Value)));
    }
}
