using System.Security.Cryptography;

namespace Roost.Testing;

/// <summary>What a step that is run alone is told by <see cref="StepContext.Wake"/>: for <see cref="StepSetup.Wake"/>.</summary>
public static class Woken
{
    /// <summary>A signal had come.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="payload">What it carries. Default: null.</param>
    /// <param name="signalId">The id that its sender gave it. Default: none.</param>
    public static Func<StepSetup, Wake> BySignal(string name, object? payload = null, string? signalId = null) => setup =>
    {
        byte[] json = JsonOf(setup, "payload", payload);
        var signal = new Signal(-1, json, SHA256.HashData(json)) { Name = name, Id = signalId, At = setup.Now, Json = setup.Options.Json };
        return Of(setup, WakeKind.Signal) with { Signal = signal };
    };

    /// <summary>A person has answered.</summary>
    /// <param name="value">The answer; whether it fits the question is not checked.</param>
    /// <param name="by">Who.</param>
    /// <param name="comment">What was said with it. Default: nothing.</param>
    public static Func<StepSetup, Wake> ByAnswer(object? value, string by = "test", string? comment = null) => setup =>
    {
        byte[] json = JsonOf(setup, "value", value);
        var answer = new Answer(json, SHA256.HashData(json)) { By = by, Comment = comment, At = setup.Now, Json = setup.Options.Json };
        return Of(setup, WakeKind.Answer) with { Answer = answer };
    };

    /// <summary>The time of the wait was over.</summary>
    public static Func<StepSetup, Wake> ByTimeout() => setup => Of(setup, WakeKind.Timeout);

    /// <summary>The question was withdrawn.</summary>
    public static Func<StepSetup, Wake> ByWithdrawal() => setup => Of(setup, WakeKind.Withdrawn);

    /// <summary>Enough of the children have ended: all of <see cref="StepSetup.Children"/> that have are new to the step.</summary>
    public static Func<StepSetup, Wake> ByChildren() => setup => Of(setup, WakeKind.Children) with
    {
        Children = new()
        {
            NewlyEnded = setup.Children.Count(child => child.State != WorkState.Queued),
            Open = setup.Children.Count(child => child.State == WorkState.Queued),
            Last = long.MaxValue,
        },
    };

    private static Wake Of(StepSetup setup, WakeKind kind) => new() { Kind = kind, At = setup.Now };

    private static byte[] JsonOf(StepSetup setup, string field, object? value) =>
        JsonText.Serialize(field, value, setup.Options.Json, setup.Options.MaxJsonBytes, objectOnly: false);
}
