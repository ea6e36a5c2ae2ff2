using System.Text.RegularExpressions;

namespace Roost.Cli.Console;

/// <summary>Dead letters that failed alike: of one engine, for one reason, by one type, with messages that differ in numbers and ids alone.</summary>
/// <param name="Query">What a bulk action on the group means.</param>
/// <param name="Message">That of the last one.</param>
/// <param name="Items">Those of the group that were looked at.</param>
/// <param name="Matching">How many of those that were looked at the query means; more than the items where messages resemble each other.</param>
internal sealed record DeadLetterGroup(DeadLetterQuery Query, string Message, IReadOnlyList<DeadLetter> Items, int Matching)
{
    public DateTimeOffset First => Items.Min(item => item.Failure.At);

    public DateTimeOffset Last => Items.Max(item => item.Failure.At);
}

/// <summary>Groups the last dead letters by what went wrong. Bounded: it looks at some thousand, however many there are.</summary>
internal static partial class DeadLetterGroups
{
    /// <summary>At most so many dead letters are looked at, the last ones.</summary>
    public const int MostLooked = Pages * PageSize;

    private const int PageSize = 1000;
    private const int Pages = 3;
    private const int LeastText = 6;
    private const int MostText = 1000;

    public static async Task<(IReadOnlyList<DeadLetterGroup> Groups, bool More)> ReadAsync(RoostRuntime roost, SecretKeys secrets, CancellationToken cancellationToken)
    {
        (IReadOnlyList<DeadLetter> all, bool more) = await ReadAsync(roost, new DeadLetterFilter(), cancellationToken).ConfigureAwait(false);
        return ([.. all.GroupBy(letter => KeyOf(letter, secrets)).Select(group => Make([.. group], all, secrets)).OrderByDescending(group => group.Items.Count).ThenByDescending(group => group.Last)], more);
    }

    /// <summary>The first of those that a filter means, and whether there may be more.</summary>
    public static async Task<(IReadOnlyList<DeadLetter> Items, bool More)> ReadAsync(RoostRuntime roost, DeadLetterFilter filter, CancellationToken cancellationToken)
    {
        var items = new List<DeadLetter>();
        string? cursor = null;
        for (int page = 0; page < Pages; page++)
        {
            DeadLetterPage read = await roost.ListDeadLettersAsync(filter, PageSize, cursor, cancellationToken).ConfigureAwait(false);
            items.AddRange(read.Items);
            cursor = read.Next;
            if (cursor is null) return (items, false);
        }
        return (items, true);
    }

    private static (string Engine, string Reason, string? Type, string Shape) KeyOf(DeadLetter letter, SecretKeys secrets) =>
        (letter.Item.Engine, letter.Failure.Reason, letter.Failure.ErrorType, ShapeOf(secrets.Hide(letter.Failure.Message)));

    private static DeadLetterGroup Make(DeadLetter[] items, IReadOnlyList<DeadLetter> all, SecretKeys secrets)
    {
        WorkFailure failure = items[0].Failure;
        string hidden = secrets.Hide(failure.Message);
        // The text goes into addresses and forms, so that it holds no secret: it lies between them.
        string? common = hidden == failure.Message && items.All(item => item.Failure.Message == failure.Message) ? failure.Message : Longest(hidden);
        var filter = new DeadLetterFilter { Engine = items[0].Item.Engine, Reason = failure.Reason, ErrorType = failure.ErrorType, Error = Cut(common) };
        return new(new(filter), failure.Message, items, all.Count(letter => Means(filter, letter)));
    }

    /// <summary>As the library reads such a filter.</summary>
    private static bool Means(DeadLetterFilter filter, DeadLetter letter) =>
        letter.Item.Engine == filter.Engine && letter.Failure.Reason == filter.Reason && (filter.ErrorType is null || letter.Failure.ErrorType == filter.ErrorType)
        && (filter.Error is null || letter.Failure.Message.Contains(filter.Error, StringComparison.OrdinalIgnoreCase));

    /// <summary>Messages whose fixed text is too short to be told by are left as they are, and group with their equals alone.</summary>
    private static string ShapeOf(string message) => Longest(message) is { } text && text.Length >= Math.Min(LeastText, message.Length) ? Varying().Replace(message, "#") : message;

    private static string? Longest(string message) => message.Split(SecretKeys.Mask).SelectMany(part => Varying().Split(part)).MaxBy(part => part.Length);

    private static string? Cut(string? text) => string.IsNullOrEmpty(text) ? null : text.Length <= MostText ? text : text[..MostText];

    [GeneratedRegex("(?=[0-9a-fA-F-]*[0-9])[0-9a-fA-F-]+")]
    private static partial Regex Varying();
}
