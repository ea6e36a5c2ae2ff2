using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using Roost.Observing;
using Roost.Stores;

namespace Roost;

public sealed partial class RoostRuntime
{
    /// <summary>
    /// Questions that wait for a person, the longest open first; of one item (<see cref="AskFilter.WorkId"/>) all that there were, the last first.
    /// </summary>
    /// <param name="filter">Which. Default: all that are open.</param>
    /// <param name="limit">How many on a page; 1 to 1,000. Default 50.</param>
    /// <param name="cursor">The <see cref="Page{T}.Next"/> of the page before. Default: the first page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidInputException">The limit, the cursor or a field of the filter breaks a rule.</exception>
    /// <exception cref="NotFoundException">There is no such item.</exception>
    public Task<Page<AskInfo>> ListAsksAsync(
        AskFilter? filter = null, int limit = 50, string? cursor = null, CancellationToken cancellationToken = default)
    {
        Selection.CheckLimit(limit);
        filter ??= new();
        if (filter.For is not null) Names.Check("For", filter.For);
        if (filter.Engine is not null) Names.Check("Engine", filter.Engine);
        if (filter.WorkId is not null) Names.Check("WorkId", filter.WorkId);
        return Readable.AsksAsync(filter, limit, cursor, cancellationToken);
    }

    /// <summary>One question, with what has become of it.</summary>
    /// <exception cref="NotFoundException">There is no such question.</exception>
    public Task<AskInfo> GetAskAsync(string askId, CancellationToken cancellationToken = default)
    {
        Names.Check("askId", askId);
        return Readable.AskAsync(askId, cancellationToken);
    }

    /// <summary>The ids of questions that a part of one may mean: its beginning or end, at least 3 characters; open ones before others.</summary>
    /// <param name="part">The part.</param>
    /// <param name="limit">How many at most; 1 to 1,000. Default 10.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<IReadOnlyList<string>> FindAskIdsAsync(string part, int limit = 10, CancellationToken cancellationToken = default)
    {
        Names.Check("part", part);
        Selection.CheckLimit(limit);
        return Readable.FindAskIdsAsync(part, limit, cancellationToken);
    }

    /// <summary>
    /// Answers an open question, and its item goes on. Of several answers at once the first is accepted, and the others learn who, when and what; the same
    /// answer by the same person again is no error.
    /// </summary>
    /// <param name="askId">The id of the question.</param>
    /// <param name="value">What fits <see cref="AskInfo.Schema"/>: anything that serializes to JSON by <see cref="RoostOptions.Json"/>.</param>
    /// <param name="by">Who answers, for the history; 1 to 256 characters.</param>
    /// <param name="comment">What the item and the history are told with it; at most 10,000 characters. Default none.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <exception cref="InvalidInputException">The value does not fit; the field names the member, such as <c>value.amount</c>.</exception>
    /// <exception cref="NotFoundException">There is no such question.</exception>
    /// <exception cref="AskClosedException">It is not open any more.</exception>
    [RequiresUnreferencedCode(Reflective.Json), RequiresDynamicCode(Reflective.Json)]
    public Task<AnswerResult> AnswerAsync(string askId, object? value, string by, string? comment = null, CancellationToken cancellationToken = default) =>
        AnswerAnyAsync(askId, value, by, comment, cancellationToken);

    /// <summary>The same with a value that is written by source-generated metadata.</summary>
    /// <inheritdoc cref="AnswerAsync(string, object?, string, string?, CancellationToken)"/>
    public Task<AnswerResult> AnswerAsync<T>(
        string askId, T value, JsonTypeInfo<T> type, string by, string? comment = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(type);
        return AnswerAnyAsync(askId, new TypedJson(value, type), by, comment, cancellationToken);
    }

    /// <summary>Takes an open question back; its item goes on and is told so (<see cref="WakeKind.Withdrawn"/>).</summary>
    /// <param name="askId">The id of the question.</param>
    /// <param name="by">Who withdraws it, for the history; 1 to 256 characters.</param>
    /// <param name="reason">Why, for the history; at most 10,000 characters. Default none.</param>
    /// <param name="cancellationToken">Ends the call before it has begun.</param>
    /// <exception cref="NotFoundException">There is no such question.</exception>
    /// <exception cref="AskClosedException">It is not open any more.</exception>
    public Task WithdrawAskAsync(string askId, string by, string? reason = null, CancellationToken cancellationToken = default) => Spans.HasListeners
        ? TracedAnswerAsync("withdraw", askId, span => WithdrawAsync(span, askId, by, reason, cancellationToken))
        : WithdrawAsync(null, askId, by, reason, cancellationToken);

    private async Task<AnswerResult> WithdrawAsync(Activity? span, string askId, string by, string? reason, CancellationToken cancellationToken)
    {
        Names.Check("askId", askId);
        cancellationToken.ThrowIfCancellationRequested();
        AskInfo ask = await Readable.AskAsync(askId, cancellationToken).ConfigureAwait(false);
        if (span is { IsAllDataRequested: true }) Spans.Link(span, ask.Trace, "ask");
        return await SaveAsync(askId, WaitCheck.CheckWithdrawal(ask, by, reason)).ConfigureAwait(false);
    }

    private Task<AnswerResult> AnswerAnyAsync(string askId, object? value, string by, string? comment, CancellationToken cancellationToken) =>
        Spans.HasListeners
            ? TracedAnswerAsync("answer", askId, span => AnswerOneAsync(span, askId, value, by, comment, cancellationToken))
            : AnswerOneAsync(null, askId, value, by, comment, cancellationToken);

    private async Task<AnswerResult> AnswerOneAsync(
        Activity? span, string askId, object? value, string by, string? comment, CancellationToken cancellationToken)
    {
        Names.Check("askId", askId);
        cancellationToken.ThrowIfCancellationRequested();
        AskInfo ask = await Readable.AskAsync(askId, cancellationToken).ConfigureAwait(false);
        Spans.Link(span, ask.Trace, "ask");
        return await SaveAsync(askId, WaitCheck.Check(ask, value, by, comment, Options)).ConfigureAwait(false);
    }

    private Task<AnswerResult> SaveAsync(string askId, NewAnswer answer)
    {
        answer.Trace = TraceContext.Current;
        return Changeable.AnswerAsync(askId, answer);
    }
}
