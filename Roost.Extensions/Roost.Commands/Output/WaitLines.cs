namespace Roost.Commands.Output;

/// <summary>
/// Says on stderr what items wait for that somebody waits for, or that they are paused: who has to send a signal, or to resume, does not know that by himself.
/// </summary>
internal sealed class WaitLines(RoostRuntime roost, Printer print, IReadOnlyCollection<string> ids)
{
    private readonly Dictionary<string, string> said = new(StringComparer.Ordinal);

    /// <summary>
    /// Of each item when it begins to wait for something else, until it is stopped. What cannot be read is told by whoever waits for the end.
    /// </summary>
    public async Task FollowAsync(CancellationToken stop)
    {
        try
        {
            // Read first: a wait that begins between the two reads is told by its event.
            long last = await roost.GetLastSequenceAsync(stop);
            await SayAsync(stop);
            HashSet<string> mine = [.. ids];
            var filter = new EventFilter { Kinds = [EventKinds.Waiting, EventKinds.Paused], WorkId = mine.Count == 1 ? mine.Single() : null };
            await foreach (WorkEvent one in roost.WatchEventsAsync(filter, last, stop))
                if (one.WorkId is { } id && mine.Contains(id)) await SayAsync(id, stop);
        }
        catch (Exception e) when (e is OperationCanceledException or RoostException or IOException)
        {
            // Stopped, or nothing more can be read or said.
        }
    }

    /// <summary>Of all of them, as it is now; what was said of one is not said again.</summary>
    public async Task SayAsync(CancellationToken stop)
    {
        foreach (string id in ids)
        {
            try
            {
                await SayAsync(id, stop);
            }
            catch (NotFoundException)
            {
                // Purged meanwhile.
            }
        }
    }

    private async Task SayAsync(string id, CancellationToken stop)
    {
        WorkDetail item = await roost.GetAsync(id, stop);
        if (item.Wait is null && item.Pauses.Count == 0) return;
        string words = string.Join("; ", [.. item.Pauses.Select(PauseWords.Of), .. item.Wait is { } wait ? (string[])[WaitWords.Of(wait)] : []]);
        if (said.TryGetValue(id, out string? before) && before == words) return;
        said[id] = words;
        await Console.Error.WriteLineAsync(Text.Line(print.Hide($"{id}: {item.Situation}")));
    }
}
