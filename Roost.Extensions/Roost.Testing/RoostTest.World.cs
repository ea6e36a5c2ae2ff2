using System.Globalization;
using System.Text.RegularExpressions;

namespace Roost.Testing;

public sealed partial class RoostTest
{
    private const int EventsAtOnce = 1000;

    /// <summary>Sends a signal to an item; nothing runs yet.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="name">The name of the signal.</param>
    /// <param name="payload">What it carries. Default: null.</param>
    public Task SignalAsync(string workId, string name, object? payload = null) => Runtime.SignalAsync(workId, name, payload);

    /// <summary>The open question of an item; null where it asks none.</summary>
    public async Task<AskInfo?> FindAskAsync(string workId)
    {
        Page<AskInfo> asks = await Runtime.ListAsksAsync(new() { WorkId = workId }).ConfigureAwait(false);
        return asks.Items.FirstOrDefault(ask => ask.State == AskState.Open);
    }

    /// <summary>Answers the open question of an item; nothing runs yet.</summary>
    /// <param name="workId">The item.</param>
    /// <param name="value">What fits the question.</param>
    /// <param name="by">Who answers.</param>
    /// <exception cref="InvalidOperationException">It asks nothing.</exception>
    /// <exception cref="InvalidInputException">The value does not fit.</exception>
    public async Task AnswerAsync(string workId, object? value, string by = "test") =>
        await Runtime.AnswerAsync(await OpenAskAsync(workId).ConfigureAwait(false), value, by).ConfigureAwait(false);

    /// <summary>Withdraws the open question of an item; nothing runs yet.</summary>
    /// <exception cref="InvalidOperationException">It asks nothing.</exception>
    public async Task WithdrawAsync(string workId, string by = "test") =>
        await Runtime.WithdrawAskAsync(await OpenAskAsync(workId).ConfigureAwait(false), by).ConfigureAwait(false);

    /// <summary>The last saved state of an item; the type's default before there is one.</summary>
    public async Task<TState?> GetStateAsync<TState>(string workId) =>
        (await Runtime.GetAsync(workId).ConfigureAwait(false)).Snapshot is { } snapshot ? snapshot.DataAs<TState>() : default;

    /// <summary>
    /// All that has happened to items so far, a line for each event: virtual time since the start, kind, item, data. Equal for two runs with one seed that did
    /// the same: workers, which are named at random, are called <c>worker</c>.
    /// </summary>
    public async Task<IReadOnlyList<string>> ListEventLinesAsync()
    {
        var lines = new List<string>();
        for (long? after = 0; after is not null;)
        {
            EventPage page = await Runtime.ListEventsAsync((EventFilter?)null, after, EventsAtOnce).ConfigureAwait(false);
            lines.AddRange(page.Items.Where(one => one.WorkId is not null).Select(LineOf));
            after = page.Next;
        }
        return lines;
    }

    private string LineOf(WorkEvent one)
    {
        string data = one.Data is { } json ? $" {WorkerName.Replace(json.GetRawText(), "\"worker\":\"worker\"")}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{one.At - start:c} {one.Kind} {one.WorkId}{data}");
    }

    private async Task<string> OpenAskAsync(string workId)
    {
        if (await FindAskAsync(workId).ConfigureAwait(false) is { } ask) return ask.Id;
        WorkDetail item = await Runtime.GetAsync(workId).ConfigureAwait(false);
        throw new InvalidOperationException($"Work item {workId} has no open question: {item.Situation}");
    }

    private static readonly Regex WorkerName = new("\"worker\":\\s*\"[^\"]*\"", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
}
