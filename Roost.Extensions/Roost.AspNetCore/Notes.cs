using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Roost.AspNetCore;

/// <summary>
/// What an action says to the page that it leads back to. The address carries a key only, so that a link cannot put words into the console's mouth.
/// </summary>
internal sealed class Notes
{
    private const int Most = 200;

    private readonly ConcurrentDictionary<string, Note> kept = new();
    private readonly ConcurrentQueue<string> order = new();

    public string Keep(bool isError, string text, Draft? draft = null)
    {
        string key = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        kept[key] = new(isError, text, draft);
        order.Enqueue(key);
        while (kept.Count > Most && order.TryDequeue(out string? oldest)) kept.TryRemove(oldest, out _);
        return key;
    }

    public Note? Find(string? key) => key is not null && kept.TryGetValue(key, out Note? note) ? note : null;
}

/// <summary>One line of an action's answer.</summary>
/// <param name="IsError">It was not done.</param>
/// <param name="Text">What happened.</param>
/// <param name="Draft">The form that was refused, which says it itself.</param>
internal sealed record Note(bool IsError, string Text, Draft? Draft = null);
