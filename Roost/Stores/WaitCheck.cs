using System.Text.Json.Serialization.Metadata;
using Roost.Writing;

namespace Roost.Stores;

/// <summary>Checks what a step waits for, and what is sent to it, before anything is written.</summary>
internal static class WaitCheck
{
    private const int MaxNames = 100;
    private const int MaxQuestion = 10_000;
    private const int MaxComment = 10_000;

    /// <param name="wait">As the step gives it.</param>
    /// <param name="where">Engine, item and version, for the message.</param>
    /// <param name="options">How the type of an answer is written.</param>
    public static WaitFor Check(Wait? wait, string where, RoostOptions options)
    {
        if (wait is null) throw new InvalidInputException("wait", $"is null ({where}); say what the item waits for.");
        if (wait.Signals is null) throw new InvalidInputException("Signals", $"is null ({where}); leave it out, or give a list of names.");
        if (wait.Signals.Count > MaxNames)
            throw new InvalidInputException("Signals", $"has {wait.Signals.Count} names ({where}); the limit is {MaxNames}.");
        for (int i = 0; i < wait.Signals.Count; i++) Names.CheckExact($"Signals[{i}]", wait.Signals[i]);
        if (wait.Timeout is not null && wait.Until is not null)
            throw new InvalidInputException("Timeout", $"is given together with Until ({where}); give one of them.");
        if (wait.Timeout <= TimeSpan.Zero) throw new InvalidInputException("Timeout", $"is {wait.Timeout} ({where}); it must be above zero.");
        if (wait.Signals.Count == 0 && wait.Ask is null && wait.Children is null && wait.Timeout is null && wait.Until is null)
            throw new InvalidInputException("wait", $"names nothing ({where}): the item would wait for ever. Give signals, a question, children or a time.");
        if (wait.Children is { IsAll: false, Ends: < 1 } join)
            throw new InvalidInputException("Children", $"is AtLeast({join.Ends}) ({where}); wait for at least 1, or for All.");
        long? timeout = wait.Timeout is { } length ? WorkItemCheck.Milliseconds("Timeout", length) : null;
        NewAsk? ask = wait.Ask is null ? null : Check(wait.Ask, where, options);
        return new([.. wait.Signals.Distinct(StringComparer.Ordinal)], timeout, wait.Until is { } until ? StoredTime.RoundUp(until) : null, ask, wait.Children);
    }

    /// <summary>An answer to a question that was asked with this schema.</summary>
    public static NewAnswer Check(AskInfo ask, object? value, string by, string? comment, RoostOptions options)
    {
        byte[] json = JsonText.Serialize("value", value, options.Json, options.MaxJsonBytes, objectOnly: false);
        if (AnswerSchema.FirstMisfit(ask.Schema, JsonText.Parse(json)) is { } misfit)
            throw new InvalidInputException(misfit.Path.Length == 0 ? "value" : $"value.{misfit.Path}", misfit.Rule + ".");
        CheckPerson(by, comment);
        if (!ask.IsOfEffect) return new(json, by, comment);
        (EffectVerdict verdict, byte[]? result) = EffectAnswer.Read(ask.Schema, JsonText.Parse(json));
        return new(json, by, comment) { Verdict = verdict, EffectResult = result };
    }

    /// <summary>Who withdraws a question, and why.</summary>
    /// <exception cref="ConflictException">It is about an effect, and its step would ask again.</exception>
    public static NewAnswer CheckWithdrawal(AskInfo ask, string by, string? reason)
    {
        if (ask.IsOfEffect)
            throw new ConflictException(
                $"Question {ask.Id} is whether an effect of work item {ask.WorkId} has happened, and would be asked again; answer it, or cancel the item."
            );
        CheckPerson(by, reason, "reason");
        return new(null, by, reason);
    }

    private static void CheckPerson(string by, string? comment, string field = "comment")
    {
        Names.Check("by", by);
        if (comment is null) return;
        Names.CheckText(field, comment);
        if (comment.Length > MaxComment) throw new InvalidInputException(field, $"is {comment.Length:N0} characters long; the limit is {MaxComment:N0}.");
    }

    /// <param name="field">What it is called.</param>
    /// <param name="question">As it is given.</param>
    /// <param name="where">Engine, item and version, for the message.</param>
    public static void CheckQuestion(string field, string question, string where)
    {
        if (string.IsNullOrWhiteSpace(question)) throw new InvalidInputException(field, $"is empty{where}; say what a person is asked.");
        Names.CheckText(field, question);
        if (question.Length > MaxQuestion)
            throw new InvalidInputException(field, $"is {question.Length:N0} characters long{where}; the limit is {MaxQuestion:N0}.");
    }

    private static NewAsk Check(Ask ask, string where, RoostOptions options)
    {
        CheckQuestion("Question", ask.Question, $" ({where})");
        if (ask.For is not null) Names.CheckExact("For", ask.For);
        if (ask.Artifacts is null) throw new InvalidInputException("Artifacts", $"is null ({where}); leave it out, or give a list of names.");
        if (ask.Artifacts.Count > MaxNames)
            throw new InvalidInputException("Artifacts", $"has {ask.Artifacts.Count} names ({where}); the limit is {MaxNames}.");
        for (int i = 0; i < ask.Artifacts.Count; i++) Names.CheckFile($"Artifacts[{i}]", ask.Artifacts[i]);
        JsonTypeInfo? type = ask.AnswerInfo ?? (ask.AnswerType is { } answer ? options.Json.GetTypeInfo(answer) : null);
        byte[] schema = ask.Schema is { } given ? AnswerSchema.Checked("Schema", given) : type is not null ? AnswerSchema.Of(type) : "true"u8.ToArray();
        return new(options.Randomness.NextId(options.TimeProvider.GetUtcNow()).ToString(), ask.Question, schema, ask.For, ask.Artifacts);
    }

    public static NewSignal Check(string name, object? payload, string? id, RoostOptions options)
    {
        Names.CheckExact("name", name);
        if (id is not null) Names.Check("signalId", id);
        return new(name, id, JsonText.Serialize("payload", payload, options.Json, options.MaxJsonBytes, objectOnly: false));
    }
}
